import { peerPage } from './peer-page.ts';
import type { Answers, Question } from './questions.ts';
import type { RunningRole } from './roles.ts';

/** Answers one question in the data-path thread, between two turns: whatever it takes, packets wait for. */
export function answer(question: Question, roles: readonly RunningRole[], now: number): Answers[Question['type']] {
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
  }
}
