import { formatEndpoint, formatIpv6 } from '../wire/text.ts';
import { addressFields } from './address-picture.ts';
import { natQuestionsOf } from './nat-questions.ts';
import { findingText } from './print.ts';
import type { ChapterResult, Finding, Result } from './result.ts';
import type { LabRow } from './rows.ts';

/**
 * A result as data for programs.
 *
 * Shape:  `schemaVersion` 1: { schemaVersion, type: "lab", scenario, title, about, seed, durationMs, isAsExpected,
 *         nodes: [the scenario's, as they stand there],
 *         chapters: [{ title, about, show, rows: [{ number, at, arrivedAt, from, to, path, kind, label, summary,
 *         sentence, translations, loss, frames }], findings: [{ type, text, isAsExpected, ... }],
 *         natQuestions: { client: [{ question, seen, refusal }] } }] }.
 *         Instants are ms of virtual time, addresses text, `frames` numbers in the saved capture. What is unknown or
 *         did not happen is null.
 */
export function toJson(result: Result, chapters: readonly (readonly LabRow[])[]): unknown {
  const { scenario, seed, cast, isAsExpected } = result;
  return {
    schemaVersion: 1,
    type: 'lab',
    scenario: scenario.name,
    title: scenario.title,
    about: scenario.about,
    seed,
    durationMs: cast.world.now,
    isAsExpected,
    nodes: scenario.nodes,
    chapters: result.chapters.map((chapter, index) => chapterJson(chapter, chapters[index]!)),
  };
}

function chapterJson(chapter: ChapterResult, rows: readonly LabRow[]): unknown {
  const { title, about, show, findings, flights } = chapter;
  const clients = findings.filter((finding) => finding.type === 'NAT').map(({ client }) => client);
  return {
    title,
    about,
    show,
    rows: rows.map(({ isLost: _, colour: __, shortLabel: ___, arrivedAt, loss, ...row }) => ({
      ...row,
      arrivedAt: arrivedAt ?? null,
      loss: loss ?? null,
    })),
    findings: findings.map((finding) => ({ ...findingJson(finding), text: findingText(finding) })),
    natQuestions: Object.fromEntries(clients.map((client) => [client, natQuestionsOf(client, flights).map(nulls)])),
  };
}

/** One finding as data. */
export function findingJson(finding: Finding): object {
  switch (finding.type) {
    case 'address':
      return { ...finding, address: formatIpv6(finding.address), fields: addressFields(finding.address) };
    case 'qualification': {
      const { mapped, reason = null } = finding;
      return { ...finding, reason, mapped: mapped === undefined ? null : formatEndpoint(mapped.ipv4, mapped.port) };
    }
    case 'ping':
      return { ...finding, roundTripsMs: finding.roundTripsMs.map((ms) => ms ?? null) };
    case 'look-up':
    case 'refusal':
    case 'refresh':
    case 'NAT':
    case 'not possible':
      return finding;
  }
}

function nulls(record: object): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, value ?? null]));
}
