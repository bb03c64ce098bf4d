interface Props<Name extends string> {
  /** Names, and the words for people. */
  readonly tabs: readonly (readonly [Name, string])[];
  readonly tab: Name;
  readonly onTab: (tab: Name) => void;
  /** A number beside a tab; 0: none. */
  readonly counts?: Partial<Record<Name, number>>;
}

/** Tabs over an element with the id "panel"; arrow keys go from one to the next. */
export function Tabs<Name extends string>({ tabs, tab, onTab, counts = {} }: Props<Name>) {
  const move = (event: KeyboardEvent, by: number) => {
    const index = tabs.findIndex(([name]) => name === tab);
    const next = tabs[(index + by + tabs.length) % tabs.length]![0];
    onTab(next);
    event.preventDefault();
    event.stopPropagation();
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label="Details"
      onKeyDown={(event) => {
        if (event.key === 'ArrowRight') move(event, 1);
        if (event.key === 'ArrowLeft') move(event, -1);
      }}
    >
      {tabs.map(([name, words]) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === tab}
          aria-controls="panel"
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {words}
          {(counts[name] ?? 0) > 0 && <span class="count">{counts[name]}</span>}
        </button>
      ))}
    </div>
  );
}
