import type { Side } from './scene.ts';

/** The three programs of a side, by what they do. */
export function programs({ client, native, server }: Side): { readonly name: string; readonly pid: number }[] {
  return [
    { name: 'client', pid: client.process.pid },
    { name: 'relay', pid: native.relay.pid },
    { name: 'server', pid: server.process.pid },
  ];
}
