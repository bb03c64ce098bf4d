import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../src/daemon/control/bug-report.ts';

test('a command line is shown without its secrets', () => {
  const argv = ['client', 'a.example', '--secret', 'open sesame', '--identifier', 'me', '--secret-file', '/etc/x'];
  expect(withoutSecrets(argv)).toEqual(argv.map((word) => (word === 'open sesame' ? '(left out)' : word)));
  expect(withoutSecrets(['client', '--secret=open'])).toEqual(['client', '--secret=(left out)']);
});
