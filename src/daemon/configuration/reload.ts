import { type Setting, Settings, show } from './settings.ts';

/** What came of reading a configuration again. */
export interface Reload {
  /** What holds now: new values of live keys, old ones of those that wait. */
  readonly settings: Settings;
  /** "client.refresh_interval = 10", as they hold from now on. */
  readonly applied: readonly string[];
  /** Likewise, and they hold after a restart. */
  readonly waiting: readonly string[];
}

/** Takes from `next` what can change while roles run. */
export function reload(running: Settings, next: Settings): Reload {
  const applied: string[] = [];
  const waiting: string[] = [];
  const all = next.all.map((setting): Setting => {
    const old = running.of(setting.key.path);
    if (isSame(old.value, setting.value)) return setting;
    (setting.key.isLive ? applied : waiting).push(words(setting));
    return setting.key.isLive ? setting : old;
  });
  return { settings: new Settings(all, next.file, next.remarks), applied, waiting };
}

function words({ key, value }: Setting): string {
  return `${key.path} = ${value === undefined ? '(left out)' : show(value)}`;
}

/** Values are plain: numbers, texts, lists of them. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
