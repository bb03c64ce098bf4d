import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { tellBubbleFromServer, tellBubbleToServer, tellDirectBubble, tellDiscovery } from './bubbles.ts';
import { DISCOVERY_IPV4 } from './ends.ts';
import { tellDirect, tellTest, tellThroughServer } from './packets.ts';
import { tellAdvertisement, tellSolicitation } from './qualification.ts';
import type { Scene } from './scene.ts';

/** What a datagram is in its scene, and what it means; notes what later datagrams will refer to. */
export function tell(scene: Scene): { kind: string; sentence: string } {
  const { sender, receiver, description, destination, bytes, parts } = scene;
  const { kind } = description;
  if (kind === 'router solicitation') return { kind, sentence: tellSolicitation(scene) };
  if (kind === 'router advertisement') return { kind, sentence: tellAdvertisement(scene) };
  if (ipv6.isBubble(bytes, parts.packetAt)) {
    if (destination.ipv4 === DISCOVERY_IPV4) return { kind: 'discovery bubble', sentence: tellDiscovery(scene) };
    if (receiver.role === 'server') return { kind: 'indirect bubble', sentence: tellBubbleToServer(scene) };
    if (sender.role === 'server') return { kind: 'indirect bubble', sentence: tellBubbleFromServer(scene) };
    return { kind: 'direct bubble', sentence: tellDirectBubble(scene) };
  }
  // RFC 4380 §5.2.9: to a native host, by way of the server.
  const isTest =
    kind === 'echo request' &&
    receiver.role === 'server' &&
    sender.client !== undefined &&
    !teredo.isTeredo(bytes, parts.packetAt + ipv6.DESTINATION);
  if (isTest) return { kind: 'connectivity test', sentence: tellTest(scene) };
  if (receiver.role === 'server' || sender.role === 'server') return { kind, sentence: tellThroughServer(scene) };
  return { kind, sentence: tellDirect(scene) };
}
