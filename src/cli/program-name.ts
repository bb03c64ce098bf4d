import { delimiter, dirname, relative } from 'node:path';

let script = 'teredo';

/** `path`: what the shell or `npm start` ran. */
export function setProgram(path: string | undefined): void {
  script = path ?? script;
}

/** How this program is called here, so that advice can be pasted: "teredo" where the shell finds it, else its path. */
function programName(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (!script.includes('/') || folders.includes(dirname(script))) return 'teredo';
  const near = relative(process.cwd(), script);
  return near.startsWith('..') ? script : near;
}

/** Advice names commands as "teredo ..."; here with the name that works. */
export function withProgramName(advice: string): string {
  return advice.replaceAll('"teredo ', `"${programName()} `);
}
