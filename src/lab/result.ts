import type { Endpoint, NatType } from '../roles/role.ts';
import type { Cast } from './build.ts';
import type { Flight } from './flights.ts';
import type { Scenario, Step } from './scenario.ts';

/** What a scenario did when it was run. */
export interface Result {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly cast: Cast;
  readonly chapters: readonly ChapterResult[];
  /** Every expectation of the scenario was met. */
  readonly isAsExpected: boolean;
}

export interface ChapterResult {
  readonly title: string;
  readonly about: string;
  readonly show: 'ladder' | 'NAT table';
  /** What was sent while it ran, in order. */
  readonly flights: readonly Flight[];
  readonly findings: readonly Finding[];
  readonly steps: readonly StepResult[];
}

/** One step of a chapter, with the instants of virtual time, in ms, at which it began and ended. */
export interface StepResult {
  readonly step: Step;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly findings: readonly Finding[];
}

/** What a step found out; `isAsExpected` compares it with what the scenario says must be. */
export type Finding =
  | {
      readonly type: 'look-up';
      readonly name: string;
      readonly addresses: readonly string[];
      readonly isAsExpected: boolean;
    }
  | {
      readonly type: 'qualification';
      readonly client: string;
      readonly state: 'dormant' | 'starting' | 'qualified' | 'off-line';
      readonly mapped: Endpoint | undefined;
      /** Why it is off-line. */
      readonly reason: string | undefined;
      readonly isAsExpected: boolean;
    }
  | { readonly type: 'address'; readonly client: string; readonly address: Uint8Array; readonly isAsExpected: boolean }
  | {
      readonly type: 'ping';
      readonly from: string;
      readonly to: string;
      readonly count: number;
      readonly answered: number;
      /** ms; undefined where no reply came. */
      readonly roundTripsMs: readonly (number | undefined)[];
      readonly isAsExpected: boolean;
    }
  | {
      readonly type: 'refusal';
      readonly forgery: string;
      /** Who refused it, and why; empty: nobody did. */
      readonly where: string;
      readonly reason: string;
      readonly isAsExpected: boolean;
    }
  | { readonly type: 'refresh'; readonly client: string; readonly afterMs: number; readonly isAsExpected: boolean }
  | {
      readonly type: 'NAT';
      readonly client: string;
      /** What the client found, and what the NAT really is. */
      readonly found: NatType;
      readonly real: string;
      readonly isAsExpected: boolean;
    }
  /** A step that could not even be tried: a sentence says why. */
  | { readonly type: 'not possible'; readonly reason: string; readonly isAsExpected: false };
