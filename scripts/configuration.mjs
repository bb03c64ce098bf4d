// Writes docs/configuration.md and docs/teredo.schema.json from the schema of teredo.toml. Needs a build.
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../dist/daemon/configuration/json-schema.js';
import { configurationPage } from '../dist/daemon/configuration/page.js';

writeFileSync('docs/configuration.md', configurationPage());
writeFileSync('docs/teredo.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`);
