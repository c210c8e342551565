// Who is signed in. 401 of any request brings the sign-in page, and back again afterwards.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
	createContext,
	useCallback,
	useContext,
	useEffect,
	useMemo,
	useSyncExternalStore,
	type ReactNode,
} from 'react';
import { Failed, Loading } from '@/ui/parts';
import { api, ApiError } from './client';
import { atLeast, type Role, type Session, type User } from './types';

interface SessionContext {
	user: User | null;
	/** Somebody was signed in on this page, and is no more. */
	ended: boolean;
	signedIn: (s: Session) => void;
	signOut: () => Promise<void>;
}
const Context = createContext<SessionContext | null>(null);
export function useSession(): SessionContext {
	const c = useContext(Context);
	if (!c) throw new Error('no session provider');
	return c;
}
/** The person who is signed in; only below the sign-in page. */
export const useUser = (): User => useSession().user!;
export const useMay = () => {
	const user = useUser();
	return useCallback((need: Role) => atLeast(user.role, need), [user.role]);
};

async function ask(): Promise<Session | null> {
	try {
		const s = await api.get<Session>('session', { mayBeNobody: true });
		api.csrf = s.csrf;
		return s;
	} catch (e) {
		if (e instanceof ApiError && e.status === 401) return null;
		throw e;
	}
}

export function useApiState() {
	return useSyncExternalStore(api.subscribe, () => api.state);
}

export function SessionProvider({ children }: { children: ReactNode }) {
	const client = useQueryClient();
	const { nobody } = useApiState();
	const q = useQuery({ queryKey: ['session'], queryFn: ask, staleTime: Infinity, gcTime: Infinity, retry: 1 });
	const ended = nobody > 0;
	const forget = useCallback(() => {
		api.csrf = '';
		client.setQueryData(['session'], null);
		client.removeQueries({ predicate: (x) => x.queryKey[0] !== 'session' });
	}, [client]);
	useEffect(() => {
		if (nobody) forget();
	}, [nobody, forget]);
	const value = useMemo<SessionContext>(
		() => ({
			user: q.data?.user ?? null,
			ended,
			signedIn: (s) => {
				api.csrf = s.csrf;
				client.setQueryData(['session'], s);
			},
			signOut: async () => {
				try {
					await api.delete('session', { mayBeNobody: true });
				} finally {
					forget();
				}
			},
		}),
		[q.data, ended, client, forget],
	);
	if (q.isPending) return <Loading height="100dvh" />;
	if (q.isError) return <Failed error={q.error} retry={() => void q.refetch()} />;
	return <Context.Provider value={value}>{children}</Context.Provider>;
}
