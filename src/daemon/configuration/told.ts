import type { ConfigurationJson } from './configuration-json.ts';
import type { Settings } from './settings.ts';

/** What holds, as programs read it. */
export function configurationJson(settings: Settings): ConfigurationJson {
  return {
    schemaVersion: 1,
    type: 'configuration',
    ...(settings.file === undefined ? {} : { file: settings.file }),
    values: settings.all.map(({ key, value, source, name, where }) => ({
      key: key.path,
      value: value ?? null,
      source,
      ...(source === 'default' ? {} : { name }),
      ...(where === '' ? {} : { where }),
      ...(key.unit === '' ? {} : { unit: key.unit }),
      description: key.description,
      ...(value === undefined && key.otherwise !== '' ? { otherwise: key.otherwise } : {}),
    })),
  };
}
