import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { itemAt, type LadderItem, ladderItems, shownBy } from '../../model/ladder-items.ts';
import type { Player } from '../../model/player.ts';
import type { ChapterMark, Passage } from '../../model/recording.ts';
import { arrowOf, seconds } from './arrow.ts';

/** CSS pixels left of the columns, for the time. */
const GUTTER = 54;
/** A live ladder is made anew after so many datagrams. */
const LIVE_STEP = 100;
/** Lines drawn above and below what is seen. */
const MARGIN = 6;

/** Who sent what to whom, growing downwards with time. Only the lines in sight are in the document. */
export function Ladder({ player }: { readonly player: Player }) {
  const recording = player.recording.value;
  const told = player.told.value;
  // What is live is told anew, the last lines of it.
  const items = useMemo(
    () => ladderItems(recording, told),
    [recording, recording.isLive ? Math.floor(told / LIVE_STEP) : 0],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 480, height: 400 });
  const scrollTop = useSignal(0);
  const follows = useSignal(true);
  const shown = shownBy(items, timeOf(player));
  const last = items[shown - 1];
  const height = last === undefined ? 0 : last.top + last.height;

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // The newest line stays in sight, unless the reader has scrolled up to older ones.
  useEffect(() => {
    const element = scroller.current;
    if (element !== null && follows.value) element.scrollTop = Math.max(0, height - element.clientHeight);
  }, [height, follows.value]);
  useSignalEffect(() => {
    const index = player.selected.value;
    const element = scroller.current;
    const item = items.find((one) => one.type === 'passage' && one.passage.index === index);
    if (item === undefined || element === null) return;
    const isInSight =
      item.top >= element.scrollTop && item.top + item.height <= element.scrollTop + element.clientHeight;
    if (!isInSight) element.scrollTop = item.top - element.clientHeight / 2;
  });

  const first = Math.max(0, itemAt(items, scrollTop.value) - MARGIN);
  const end = Math.min(shown, itemAt(items, scrollTop.value + size.value.height) + MARGIN);
  const seen = items[Math.min(itemAt(items, scrollTop.value + 10), Math.max(0, shown - 1))];
  const chapter = recording.chapters[seen?.chapter ?? 0];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const from = player.selected.value ?? player.departed.value - (event.key === 'ArrowUp' ? 0 : 1);
    const to = from + (event.key === 'ArrowDown' ? 1 : -1);
    if (to >= 0 && to < player.departed.value) player.select(to);
  };
  return (
    <div class="ladder">
      <ColumnNames chapter={chapter} width={size.value.width} />
      <div
        class="scroller"
        ref={scroller}
        tabIndex={0}
        role="listbox"
        aria-label="Ladder: datagrams in order of time"
        aria-activedescendant={player.selected.value === undefined ? undefined : `row-${player.selected.value}`}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          const { scrollTop: top, scrollHeight, clientHeight } = event.currentTarget;
          // Who scrolls up wants to stay there; the ladder that grows below is no reason to.
          if (top + clientHeight >= scrollHeight - 24) follows.value = true;
          else if (top < scrollTop.value) follows.value = false;
          scrollTop.value = top;
        }}
      >
        <div class="lines" style={{ height: `${height}px` }}>
          {items.slice(first, end).map((item, i) => (
            <Line key={first + i} item={item} player={player} recording={recording.chapters} width={size.value.width} />
          ))}
        </div>
      </div>
      {!follows.value && (
        <button type="button" class="newest" onClick={() => (follows.value = true)}>
          newest ↓
        </button>
      )}
    </div>
  );
}

/** The instant that was last told. */
function timeOf(player: Player): number {
  player.told.value;
  return player.instant.peek();
}

function ColumnNames({ chapter, width }: { readonly chapter: ChapterMark | undefined; readonly width: number }) {
  const columns = chapter?.columns ?? [];
  const pitch = (width - GUTTER) / Math.max(1, columns.length);
  return (
    <div class={`columns ${pitch < 58 ? 'tight' : ''}`} aria-hidden="true">
      {columns.map(({ node, isNat }, i) => (
        <span key={node} class={isNat ? 'nat' : ''} style={{ left: `${GUTTER + pitch * i}px`, width: `${pitch}px` }}>
          {node}
        </span>
      ))}
    </div>
  );
}

interface LineProps {
  readonly item: LadderItem;
  readonly player: Player;
  readonly recording: readonly ChapterMark[];
  readonly width: number;
}

function Line({ item, player, recording, width }: LineProps) {
  const style = { top: `${item.top}px`, height: `${item.height}px` };
  switch (item.type) {
    case 'chapter':
      return (
        <div class="chapter" style={style} role="presentation">
          <p>
            <b>{item.chapter + 1}</b>
            <span>{item.mark.title}</span>
          </p>
          <ColumnNames chapter={item.mark} width={width} />
        </div>
      );
    case 'outcome':
      return (
        <div class={`outcome ${item.outcome.isAsExpected ? 'good' : 'bad'}`} style={style} role="presentation">
          {item.outcome.isAsExpected ? '✓' : '✗'} {item.outcome.text}
        </div>
      );
    case 'change':
      return (
        <div class="change" style={style} role="presentation">
          ◆ {item.change.text}
        </div>
      );
    case 'passage':
      return (
        <Row
          passage={item.passage}
          player={player}
          columns={recording[item.chapter]!.columns}
          width={width}
          style={style}
        />
      );
  }
}

interface RowProps {
  readonly passage: Passage;
  readonly player: Player;
  readonly columns: ChapterMark['columns'];
  readonly width: number;
  readonly style: { readonly top: string; readonly height: string };
}

function Row({ passage, player, columns, width, style }: RowProps) {
  const isSelected = player.selected.value === passage.index;
  const isNow = useComputed(() => player.current.value === passage).value;
  const { from, to, passed, isLost } = arrowOf(passage, columns);
  const pitch = (width - GUTTER) / Math.max(1, columns.length);
  const x = (column: number) => GUTTER + pitch * (column + 0.5);
  const isStub = from === to;
  // To its own NAT and back (RFC 4787 §6).
  const hairpin = isStub && !isLost ? passed[0] : undefined;
  const step = from <= to ? 1 : -1;
  const [start, end] = [x(from), isStub ? x(from) + Math.min(pitch * 0.42, 30) : x(to)];
  const middle = (start + end) / 2;
  const room = Math.abs(end - start) - 12;
  const label = passage.label.length * 7.2 > room ? passage.shortLabel : passage.label;
  return (
    <div
      id={`row-${passage.index}`}
      class={`row ${passage.hue} ${isLost ? 'lost' : ''} ${isNow ? 'now' : ''}`}
      style={style}
      role="option"
      aria-selected={isSelected}
      aria-label={`${passage.number}. ${passage.sentence}`}
      onPointerEnter={() => (player.hovered.value = passage.index)}
      onPointerLeave={() => {
        if (player.hovered.value === passage.index) player.hovered.value = undefined;
      }}
      onClick={() => player.select(passage.index)}
    >
      <svg width={width} height="38" aria-hidden="true">
        {columns.map(({ node, isNat }, i) => (
          <line key={node} class={isNat ? 'line nat' : 'line'} x1={x(i)} x2={x(i)} y1="0" y2="38" />
        ))}
        <text class="time" x={GUTTER - 12} y="27">
          {seconds(passage.at)}
        </text>
        {hairpin === undefined ? (
          <path class="arrow" d={`M${start} 23H${isLost ? end : end - step * 7}`} />
        ) : (
          <path class="arrow" d={`M${start} 23H${x(hairpin)}M${x(hairpin)} 23v6H${start + 4}`} />
        )}
        {passed.map((column) => (
          <path key={column} class="pass" d={`M${x(column)} 18.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z`} />
        ))}
        <circle class="start" cx={start} cy="23" r="2.6" />
        {isLost ? (
          <path class="cross" d={`M${end - 4.5} 18.5l9 9m0 -9l-9 9`} />
        ) : (
          hairpin === undefined && <path class="head" d={`M${end} 23l${-8 * step} -4.2v8.4z`} />
        )}
        <text class="label" x={middle} y="16">
          {label}
        </text>
      </svg>
    </div>
  );
}
