// Parts of the page that are fetched when they are first needed. The server may be away at that moment: then they are
// fetched when it is back. Or it may be a newer one that has them no more: then the page is loaded again, once.
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { api } from '@/api/client';

function reachable(): Promise<void> {
	return new Promise((resolve) => {
		if (!api.state.lost) return resolve();
		const stop = api.subscribe((s) => {
			if (s.lost) return;
			stop();
			resolve();
		});
	});
}

async function fetchPart<T>(load: () => Promise<T>): Promise<T> {
	try {
		return await load();
	} catch {
		await api.get('session', { mayBeNobody: true }).catch(() => {});
		await reachable();
	}
	try {
		const part = await load();
		sessionStorage.removeItem('offhook.reloaded');
		return part;
	} catch (e) {
		if (sessionStorage.getItem('offhook.reloaded')) throw e;
		sessionStorage.setItem('offhook.reloaded', '1');
		location.reload();
		return new Promise(() => {});
	}
}

export function lazyPage<P>(load: () => Promise<{ default: ComponentType<P> }>): LazyExoticComponent<ComponentType<P>> {
	return lazy(() => fetchPart(load));
}
