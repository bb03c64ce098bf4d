import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Dashboard } from '../../model/dashboard.ts';
import type { DaemonSource } from '../../sources/daemon.ts';
import { AddressDecoder } from '../address.tsx';
import { Tabs } from '../tabs.tsx';
import { nextTheme, theme } from '../theme.ts';
import { ConfigurationPanel } from './configuration.tsx';
import { EventsPanel } from './events.tsx';
import { IslandChart } from './island-chart.tsx';
import { LimitsPanel } from './limits.tsx';
import { PeersPanel } from './peers.tsx';
import { Plots } from './plots.tsx';
import { TimelineStrip } from './timeline.tsx';
import { VerdictStrip } from './verdict.tsx';

const TABS = [
  ['peers', 'Peers'],
  ['limits', 'Drops and limits'],
  ['events', 'Events'],
  ['address', 'Address'],
  ['configuration', 'Configuration'],
] as const;

type Tab = (typeof TABS)[number][0];

interface Props {
  readonly dashboard: Dashboard;
  readonly source: DaemonSource;
}

/** One running process: how it stands, whom it reaches and how, what passes, and what is in the way. */
export function DashboardPage({ dashboard, source }: Props) {
  const tab = useSignal<Tab>('peers');
  const isNarrow = useSignal(narrow.matches);
  useEffect(() => {
    const onChange = () => (isNarrow.value = narrow.matches);
    narrow.addEventListener('change', onChange);
    return () => narrow.removeEventListener('change', onChange);
  }, []);
  const warnings = useComputed(() => dashboard.told.value?.status.warnings.length ?? 0);
  return (
    <>
      <Top dashboard={dashboard} />
      <VerdictStrip dashboard={dashboard} />
      <main>
        <div class="stage">
          <IslandChart dashboard={dashboard} isNarrow={isNarrow.value} />
        </div>
        <div class="side">
          <Plots dashboard={dashboard} />
          <section class="dock" aria-label="Details">
            <Tabs
              tabs={TABS}
              tab={tab.value}
              onTab={(next) => (tab.value = next)}
              counts={{ events: warnings.value }}
            />
            <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
              {tab.value === 'peers' && <PeersPanel dashboard={dashboard} />}
              {tab.value === 'limits' && <LimitsPanel dashboard={dashboard} />}
              {tab.value === 'events' && <EventsPanel dashboard={dashboard} />}
              {tab.value === 'address' && <OwnAddress dashboard={dashboard} />}
              {tab.value === 'configuration' && <ConfigurationPanel dashboard={dashboard} source={source} />}
            </div>
          </section>
        </div>
      </main>
      <TimelineStrip dashboard={dashboard} />
    </>
  );
}

function Top({ dashboard }: { readonly dashboard: Dashboard }) {
  const about = useComputed(() => {
    const process = dashboard.told.value?.status.process;
    return process === undefined ? '' : `teredo ${process.version}, process ${process.pid}`;
  });
  return (
    <header class="top">
      <p class="brand">
        teredo <span>dashboard</span>
      </p>
      <p class="about">{about}</p>
      <nav aria-label="Page">
        <button type="button" title="Colours: as the system has them, light, dark" onClick={nextTheme}>
          {theme.value === 'system' ? 'Auto' : theme.value === 'light' ? 'Light' : 'Dark'}
          <span class="hidden"> colours</span>
        </button>
      </nav>
    </header>
  );
}

function OwnAddress({ dashboard }: { readonly dashboard: Dashboard }) {
  const known = useComputed(() => {
    const address = dashboard.told.value?.status.roles.find((role) => role.address !== null)?.address;
    const peers = dashboard.peers.value?.peers.filter((peer) => peer.address.startsWith('2001:0:')) ?? [];
    const own = address === undefined || address === null ? [] : [{ client: 'this host', text: address }];
    return [...own, ...peers.slice(0, 3).map((peer, i) => ({ client: `peer ${i + 1}`, text: peer.address }))];
  });
  return <AddressDecoder known={known.value} />;
}

const narrow = matchMedia('(max-width: 700px)');
