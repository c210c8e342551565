// Which page is shown for which address. Pages are fetched when they are first opened.
import { Suspense, useEffect, type ReactNode } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { useMay, useSession } from '@/api/session';
import { LiveProvider } from '@/api/live';
import type { Role } from '@/api/types';
import { useI18n } from '@/i18n';
import { lazyPage } from '@/ui/lazy';
import { Crash } from '@/ui/crash';
import { Loading, Nothing } from '@/ui/parts';
import { Shell } from '@/shell/shell';
import { SignIn } from '@/pages/signin';

const Setup = lazyPage(() => import('@/pages/setup'));
const Welcome = lazyPage(() => import('@/pages/welcome'));
const Trunks = lazyPage(() => import('@/pages/trunks'));
const Routes = lazyPage(() => import('@/pages/routes'));
const Dids = lazyPage(() => import('@/pages/dids'));
const Brakes = lazyPage(() => import('@/pages/brakes'));
const Numbering = lazyPage(() => import('@/pages/numbering'));
const Home = lazyPage(() => import('@/pages/home'));
const Calls = lazyPage(() => import('@/pages/calls'));
const CallPage = lazyPage(() => import('@/pages/call'));
const Registrations = lazyPage(() => import('@/pages/registrations'));
const AlarmsPage = lazyPage(() => import('@/pages/alarms'));
const History = lazyPage(() => import('@/pages/history'));
const Me = lazyPage(() => import('@/pages/me'));
const Extensions = lazyPage(() => import('@/pages/extensions'));
const Users = lazyPage(() => import('@/pages/users'));
const Tokens = lazyPage(() => import('@/pages/tokens'));
const Conferences = lazyPage(() => import('@/pages/conferences'));
const Recordings = lazyPage(() => import('@/pages/recordings'));
const Security = lazyPage(() => import('@/pages/security'));
const Certificate = lazyPage(() => import('@/pages/certificate'));
const Backup = lazyPage(() => import('@/pages/backup'));
const Network = lazyPage(() => import('@/pages/network'));
const System = lazyPage(() => import('@/pages/system'));
const ResourcePage = lazyPage(() => import('@/resource/page'));

/** An address that this person's role does not include says so. */
function Guard({ role, children }: { role: Role; children: ReactNode }) {
	const { t } = useI18n();
	const may = useMay();
	return may(role) ? children : <Nothing icon="shield" title={t('err.title')} text={t('err.forbidden')} />;
}

function Pages() {
	const [location] = useLocation();
	const { user } = useSession();
	// a new page begins at its top, with the focus on it, so that screen readers read it
	useEffect(() => {
		window.scrollTo(0, 0);
	}, [location]);
	return (
		<Crash at={location}>
			<Suspense fallback={<Loading height={300} />}>
				<Switch>
					<Route path="/">{user?.role === 'user' ? <Redirect to="/me" replace /> : <Home />}</Route>
					<Route path="/setup">
						<Redirect to="/" replace />
					</Route>
					<Route path="/welcome/:step?">{(p) => <Welcome step={p.step} />}</Route>
					<Route path="/me">
						<Me />
					</Route>
					<Route path="/calls">
						<Guard role="read_only">
							<Calls />
						</Guard>
					</Route>
					<Route path="/calls/:id">
						{(p) => (
							<Guard role="read_only">
								<CallPage key={p.id} id={decodeURIComponent(p.id)} />
							</Guard>
						)}
					</Route>
					<Route path="/registrations">
						<Guard role="read_only">
							<Registrations />
						</Guard>
					</Route>
					<Route path="/alarms">
						<Guard role="read_only">
							<AlarmsPage />
						</Guard>
					</Route>
					<Route path="/history">
						<History />
					</Route>
					<Route path="/extensions/:key?">{(p) => <Extensions rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/trunks/:key?">{(p) => <Trunks rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/routes_out/:key?">
						{(p) => <Routes plural="routes_out" rowKey={p.key && decodeURIComponent(p.key)} />}
					</Route>
					<Route path="/routes_in/:key?">
						{(p) => <Routes plural="routes_in" rowKey={p.key && decodeURIComponent(p.key)} />}
					</Route>
					<Route path="/dids/:key?">{(p) => <Dids rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/brakes/:key?">
						<Brakes />
					</Route>
					<Route path="/numbering/:key?">
						<Numbering />
					</Route>
					<Route path="/tokens/:key?">{(p) => <Tokens rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/users/:key?">{(p) => <Users rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/conferences/:key?">{(p) => <Conferences rowKey={p.key && decodeURIComponent(p.key)} />}</Route>
					<Route path="/recordings/:id?">{(p) => <Recordings id={p.id && decodeURIComponent(p.id)} />}</Route>
					<Route path="/security">
						<Security />
					</Route>
					<Route path="/certificate">
						<Certificate />
					</Route>
					<Route path="/backup">
						<Backup />
					</Route>
					<Route path="/network">
						<Network />
					</Route>
					<Route path="/system">
						<System />
					</Route>
					<Route path="/:plural/:key?">
						{(p) => <ResourcePage plural={p.plural} rowKey={p.key && decodeURIComponent(p.key)} />}
					</Route>
				</Switch>
			</Suspense>
		</Crash>
	);
}

export function App() {
	const { user } = useSession();
	const [location] = useLocation();
	if (location === '/setup' && !user)
		return (
			<Suspense fallback={<Loading height="100dvh" />}>
				<Setup />
			</Suspense>
		);
	if (!user) return <SignIn />;
	return (
		<LiveProvider>
			<Shell>
				<Pages />
			</Shell>
		</LiveProvider>
	);
}
