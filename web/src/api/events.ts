// Live events: one WebSocket for the whole page. It goes on where it was after a break, and says when something was
// missed, so that everything is read anew.

export interface LiveEvent {
	seq: number;
	at_ms: number;
	topic: string;
	key: string;
	/** What the object is like now, as the API shows it. */
	data: Record<string, unknown>;
}
export type Topic =
	'call' | 'registration' | 'trunk' | 'quality' | 'alarm' | 'config' | 'conference' | 'recording' | 'system';
export interface EventHandlers {
	event: (e: LiveEvent) => void;
	/** Something was missed: read anew. */
	lost: () => void;
	state: (open: boolean) => void;
	/** The server refused us: nobody is signed in. */
	nobody: () => void;
}
/** What the client needs of a WebSocket; tests bring their own. */
export interface Socket {
	send(s: string): void;
	close(): void;
	onopen: (() => void) | null;
	onmessage: ((m: { data: string }) => void) | null;
	onclose: ((e: { code: number }) => void) | null;
}

/** Wait before the n-th new try: 0.5 s, doubled up to 15 s, spread by a half so that not all come back at once. */
export function backoff(n: number, random = Math.random): number {
	return Math.min(15000, 500 * 2 ** n) * (0.5 + random() / 2);
}

export class EventClient {
	private socket: Socket | null = null;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private tries = 0;
	private ready = false;
	private seq = 0;
	private stopped = true;

	constructor(
		private topics: Topic[],
		private h: EventHandlers,
		private open: () => Socket,
		private wait = backoff,
	) {}

	start() {
		if (!this.stopped) return;
		this.stopped = false;
		this.connect();
	}

	stop() {
		this.stopped = true;
		clearTimeout(this.timer);
		this.socket?.close();
		this.socket = null;
		this.ready = false;
	}

	/** Topics can grow while it is open: a page may want more than the shell does. */
	want(topics: Topic[]) {
		if (topics.join() === this.topics.join()) return;
		this.topics = topics;
		if (this.ready) this.socket?.send(JSON.stringify({ topics }));
	}

	private connect() {
		const s = this.open();
		this.socket = s;
		s.onopen = () => {
			const since = this.seq ? { since: this.seq } : {};
			s.send(JSON.stringify({ topics: this.topics, ...since }));
			this.tries = 0;
			this.ready = true;
			this.h.state(true);
		};
		s.onmessage = (m) => this.take(m.data);
		s.onclose = (e) => {
			if (this.socket !== s) return;
			this.socket = null;
			this.ready = false;
			this.h.state(false);
			if (e.code === 4401) {
				this.stopped = true;
				this.h.nobody();
			}
			if (!this.stopped) this.timer = setTimeout(() => this.connect(), this.wait(this.tries++));
		};
	}

	private take(text: string) {
		const m = JSON.parse(text) as { seq?: number; events?: LiveEvent[]; lost?: boolean };
		if (m.lost) this.h.lost();
		if (m.seq) this.seq = m.seq;
		for (const e of m.events ?? []) this.h.event(e);
	}
}

export function webSocket(): Socket {
	const at = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/events`;
	return new WebSocket(at, 'offhook.events.v1') as unknown as Socket;
}
