import { peerPage } from './peer-page.ts';
import type { Answers, Question } from './questions.ts';
import type { RunningRole } from './roles.ts';
import type { Injection } from './tap/injection.ts';
import { TapRing } from './tap/ring.ts';
import type { Taps } from './tap/taps.ts';

/** What of a data path is asked. */
export interface Answering {
  readonly roles: readonly RunningRole[];
  /** Undefined: what passes cannot be looked at. */
  readonly taps?: Taps;
  /** By role; those that cannot send have none. */
  readonly injections?: readonly Injection[];
}

/** Answers one question in the data-path thread, between two turns: whatever it takes, packets wait for. */
export function answer(
  question: Question,
  { roles, taps, injections }: Answering,
  now: number,
): Answers[Question['type']] {
  switch (question.type) {
    case 'ping':
      return true;
    case 'limits':
      return roles.map((role) => role.limits(now));
    case 'peers': {
      const peers = roles[question.role]?.peers;
      return peers === undefined ? undefined : peerPage(peers, question.from, question.max, now);
    }
    case 'reset':
      for (const role of roles) role.reset(now);
      return true;
    case 'drain':
      for (const role of roles) role.drain();
      return true;
    case 'tap':
      taps?.add(question.id, new TapRing(question.ring), question.options);
      return taps !== undefined;
    case 'untap':
      taps?.remove(question.id);
      return true;
    case 'echo': {
      const source = roles[question.role]?.ownAddress();
      if (source === undefined) return undefined;
      return injections?.[question.role]?.addEcho(source, question.echo) === true ? source.slice() : undefined;
    }
  }
}
