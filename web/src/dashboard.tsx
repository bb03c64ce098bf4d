import { render } from 'preact';
import { Dashboard } from './model/dashboard.ts';
import { DaemonSource } from './sources/daemon.ts';
import { DashboardPage } from './views/dashboard/dashboard-page.tsx';
import { apply } from './views/theme.ts';

apply();
const dashboard = new Dashboard();
const source = new DaemonSource(dashboard);
const page = document.getElementById('page');
if (page !== null) render(<DashboardPage dashboard={dashboard} source={source} />, page);
