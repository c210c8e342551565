// Requests to /api/v1: JSON in and out, the session's CSRF token with every change, errors as one class, and what the
// rest of the page must know: nobody is signed in any more, the server cannot be reached.

export interface FieldError {
	field: string;
	message: string;
}

export class ApiError extends Error {
	constructor(
		/** 0: the server could not be reached. */
		readonly status: number,
		readonly code: string,
		message: string,
		readonly fields: FieldError[] = [],
		readonly retryAfter = 0,
		/** What else the answer said. */
		readonly body: Record<string, unknown> = {},
	) {
		super(message);
		this.name = 'ApiError';
	}
}

export interface RequestOptions {
	query?: Record<string, string | number | boolean | null | undefined>;
	body?: unknown;
	/** The ETag that the change is based on; it is refused when somebody else was faster. */
	ifMatch?: string | undefined;
	accept?: string;
	ctype?: string;
	signal?: AbortSignal | undefined;
	/** 401 is an answer here, and no reason to show the sign-in page (sign-in itself). */
	mayBeNobody?: boolean;
}
export interface Answer<T> {
	data: T;
	etag: string | undefined;
	headers: Headers;
}

export function queryString(q: RequestOptions['query']): string {
	const p = new URLSearchParams();
	for (const [k, v] of Object.entries(q ?? {})) {
		if (v === undefined || v === null || v === '') continue;
		p.set(k, v === true ? '1' : v === false ? '0' : String(v));
	}
	const s = p.toString();
	return s && `?${s}`;
}

/** {"error": {...}} of the server as an ApiError. `field` alone counts as one of `fields`. */
export function readError(status: number, body: unknown, retryAfter: string | null): ApiError {
	const root = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
	const e = (typeof root['error'] === 'object' && root['error'] !== null ? root['error'] : {}) as Record<
		string,
		unknown
	>;
	const text = (v: unknown) => (typeof v === 'string' ? v : '');
	const list = Array.isArray(e['fields']) ? (e['fields'] as Record<string, unknown>[]) : [];
	const fields = list.map((f) => ({ field: text(f['field']), message: text(f['message']) })).filter((f) => f.field);
	if (!fields.length && text(e['field'])) fields.push({ field: text(e['field']), message: text(e['message']) });
	return new ApiError(
		status,
		text(e['code']) || `http_${status}`,
		text(e['message']) || `HTTP ${status}`,
		fields,
		Number(retryAfter) || 0,
		e,
	);
}

type Listener = (state: ApiState) => void;
export interface ApiState {
	/** The last request did not reach the server. */
	lost: boolean;
	/** Counts up when the server said that nobody is signed in. */
	nobody: number;
}

class Api {
	csrf = '';
	state: ApiState = { lost: false, nobody: 0 };
	private listeners = new Set<Listener>();

	subscribe = (l: Listener) => {
		this.listeners.add(l);
		return () => void this.listeners.delete(l);
	};
	private set(s: Partial<ApiState>) {
		this.state = { ...this.state, ...s };
		for (const l of this.listeners) l(this.state);
	}
	reached(yes: boolean) {
		if (this.state.lost === yes) this.set({ lost: !yes });
	}

	async request<T>(method: string, path: string, o: RequestOptions = {}): Promise<Answer<T>> {
		const r = await this.send(method, path, o);
		const type = r.headers.get('content-type') ?? '';
		const data = type.includes('json') ? await r.json().catch(() => null) : await r.text();
		if (!r.ok) {
			const e = readError(r.status, data, r.headers.get('retry-after'));
			if (r.status === 401 && !o.mayBeNobody) this.set({ nobody: this.state.nobody + 1 });
			throw e;
		}
		return { data: data as T, etag: r.headers.get('etag') ?? undefined, headers: r.headers };
	}

	/** A file: sound, a backup. */
	async blob(path: string, o: RequestOptions & { method?: string } = {}): Promise<Blob> {
		const r = await this.send(o.method ?? 'GET', path, { accept: '*/*', ...o });
		if (r.ok) return r.blob();
		if (r.status === 401) this.set({ nobody: this.state.nobody + 1 });
		throw readError(r.status, await r.json().catch(() => null), r.headers.get('retry-after'));
	}

	private async send(method: string, path: string, o: RequestOptions): Promise<Response> {
		const headers: Record<string, string> = { Accept: o.accept ?? 'application/json' };
		const changes = method !== 'GET' && method !== 'HEAD';
		let body: BodyInit | undefined;
		if (typeof o.body === 'string' || o.body instanceof Blob) body = o.body;
		else if (o.body !== undefined) body = JSON.stringify(o.body);
		if (body !== undefined) headers['Content-Type'] = o.ctype ?? 'application/json';
		if (changes && this.csrf) headers['X-CSRF-Token'] = this.csrf;
		if (o.ifMatch) headers['If-Match'] = o.ifMatch;
		try {
			const r = await fetch(`/api/v1/${path}${queryString(o.query)}`, {
				method,
				headers,
				body: body ?? null,
				signal: o.signal ?? null,
				credentials: 'same-origin',
				cache: 'no-store',
			});
			this.reached(true);
			return r;
		} catch (e) {
			if (e instanceof DOMException && e.name === 'AbortError') throw e;
			this.reached(false);
			throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
		}
	}

	get = async <T>(path: string, o?: RequestOptions) => (await this.request<T>('GET', path, o)).data;
	post = async <T>(path: string, body?: unknown, o?: RequestOptions) =>
		(await this.request<T>('POST', path, { ...o, body })).data;
	patch = async <T>(path: string, body: unknown, o?: RequestOptions) =>
		(await this.request<T>('PATCH', path, { ...o, body })).data;
	delete = async <T>(path: string, o?: RequestOptions) => (await this.request<T>('DELETE', path, o)).data;
}

export const api = new Api();
/** A key as a part of a path. */
export const part = (s: string) => encodeURIComponent(s);
