import * as z from 'zod';
import { KEYS } from './keys.ts';
import { facts } from './kinds.ts';
import { schema } from './schema.ts';

/** The schema of `teredo.toml` for editors (https://json-schema.org, draft 2020-12). */
export function jsonSchema(): object {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const known = facts.get(zodSchema as unknown as z.ZodType);
      if (known === undefined) return;
      const key = KEYS.find(({ type }) => type === (zodSchema as unknown as z.ZodType));
      const unit = known.unit === '' ? {} : { 'x-unit': known.unit };
      Object.assign(jsonSchema, unit, { 'x-environment': key?.environment });
    },
  });
  return { ...made, title: 'teredo.toml' };
}
