// What the server answers.

export type Role = 'user' | 'read_only' | 'manager' | 'administrator';
const order: Role[] = ['user', 'read_only', 'manager', 'administrator'];
/** Does `have` include the rights of `need`? */
export const atLeast = (have: Role, need: Role) => order.indexOf(have) >= order.indexOf(need);

export interface User {
	name: string;
	role: Role;
	extension?: string | null;
	display_name?: string;
	language?: 'auto' | 'en' | 'zh';
	may_listen?: boolean;
	totp?: boolean;
}
export interface Session {
	user: User;
	csrf: string;
}

export type FieldType = 'text' | 'integer' | 'boolean' | 'choice' | 'time' | 'secret' | 'password';
/** A field, as GET /api/v1/schema has it. */
export interface SchemaField {
	name: string;
	type: FieldType;
	key: boolean;
	required: boolean;
	readonly: boolean;
	/** Made by the server when it is not given. */
	generated: boolean;
	min?: number;
	max?: number;
	min_length?: number;
	max_length?: number;
	/** The characters that are allowed, as a set with ranges: "0-9*#". */
	characters?: string;
	default?: string | number | boolean | null;
	choices?: string[];
	help: string;
	group?: string;
	unit?: string;
	/** Resources whose keys are suggested. */
	ref?: string[];
	/** Several of them, separated by spaces. */
	list?: boolean;
}
export interface SchemaResource {
	name: string;
	plural: string;
	title: string;
	titles: string;
	help: string;
	key: string;
	/** The field that people know a row by. */
	display: string;
	/** There is exactly one row, with this key. */
	only?: string | null;
	read: Role;
	write: Role;
	fields: SchemaField[];
}
export interface Schema {
	version: string;
	resources: SchemaResource[];
}
export type Value = string | number | boolean | null;
export type Row = Record<string, Value>;
export interface Page<T> {
	items: T[];
	next: string | null;
}
export interface Changed {
	change_id: number;
	warnings?: string[];
}
export interface Alarm {
	id: string;
	since: number;
	severity: 'critical' | 'warning';
	text: string;
	remedy: string;
}
export interface Registration {
	extension: string;
	name: string;
	contact: string;
	source: string;
	transport: string;
	user_agent: string;
	expires_in_s: number;
	since_ms: number;
	natted: boolean;
}
export interface Status {
	version: string;
	started_ms: number;
	uptime_s: number;
	extensions: number;
	registered: number;
	contacts: number;
	calls: number;
	alarms: Alarm[];
	data?: string;
	listeners?: string[];
	sip_address?: string;
	realm?: string;
}
/** What became of a file of rows, or would become with dry_run. */
export interface Import {
	dry_run: boolean;
	created: number;
	changed: number;
	unchanged: number;
	items: { line: number; op: 'create' | 'update'; key: string; diff?: Record<string, [Value, Value] | string> }[];
	more: boolean;
	change_id?: number;
	warnings?: string[];
}
export interface HistoryItem {
	op: 'create' | 'update' | 'delete';
	resource: string;
	key: string;
	diff: Record<string, [Value, Value]>;
}
export interface Change {
	id: number;
	at_ms: number;
	author: string;
	text: string;
	items: HistoryItem[];
	undoes: number | null;
	undone_by: number | null;
}
/** How a leg sounded, as its call record keeps it. */
export interface LegQuality {
	received: number;
	sent: number;
	lost: number;
	jitter_ms: number;
	rtt_ms: number;
	mos: number;
	mos_min?: number;
	bad_seconds?: number;
	far_lost_percent?: number;
	far_mos?: number;
	played_ms?: number;
	concealed_ms?: number;
	clipped_seconds?: number;
	auth_failed?: number;
}
export interface CdrLeg {
	number: string;
	name: string;
	device: string;
	outgoing: boolean;
	hidden?: boolean;
	call_id: string;
	code: number;
	start_ms: number;
	answer_ms: number;
	end_ms: number;
	codec: string;
	quality?: LegQuality;
	verdict?: string;
}
export interface Cdr {
	id: string;
	from: string;
	to: string;
	from_name?: string;
	answered_by?: string | null;
	start_ms: number;
	answer_ms?: number | null;
	end_ms?: number | null;
	outcome: string;
	code?: number;
	reason: string;
	final?: boolean;
	duration_ms: number;
	talk_ms: number;
	ended_by?: string;
	diverted?: string;
	transfers?: { how: string; by: string; to: string; at_ms: number; code: number }[];
	recordings?: { file: string; start_ms: number; ms: number; lost: number; paused_ms: number }[];
	legs?: CdrLeg[];
}
export interface MySession {
	id: string;
	since_ms: number;
	seen_ms: number;
	address: string;
	user_agent: string;
	current: boolean;
}
export interface CallLeg {
	number: string;
	name: string;
	device: string;
	address: string;
	state: string;
	outgoing: boolean;
	hidden?: boolean;
	codec?: string;
	received?: number;
	lost?: number;
	lost_percent_now?: number;
	jitter_ms?: number;
	rtt_ms?: number;
	mos?: number;
	mos_now?: number;
	mos_min?: number;
	far_mos?: number;
	bad_seconds?: number;
	verdict?: string;
}
export interface Call {
	id: string;
	from: string;
	to: string;
	state: string;
	seconds: number;
	talk_seconds: number;
	legs: CallLeg[];
	diverted?: string;
	recording?: string;
	/** When the page heard of it: `seconds` are of that moment. */
	seen_ms?: number;
}
/** The latest event of "system". */
export interface System {
	at_ms: number;
	calls: number;
	cpu_percent: number;
	rss: number;
	loop_lag_ms: number;
	disk_free?: number;
	disk_total?: number;
}
export interface TrunkStatus {
	name: string;
	enabled: boolean;
	state: 'off' | 'starting' | 'up' | 'degraded' | 'down';
	words: string;
	channels: number;
	calls_in: number;
	calls_out: number;
	server?: string;
	rtt_ms?: number;
}
/** SIP messages of a call: GET /calls/ID/messages. */
export interface CallMessage {
	at_ms: number;
	us?: number;
	leg: number;
	kind: 'sip' | 'rtcp';
	direction: 'in' | 'out';
	transport: string;
	from_addr: string;
	to_addr: string;
	summary: string;
	body?: string;
	text: string;
	cut?: boolean;
}
export interface CallMessages {
	legs: { leg: number; number: string; device: string; call_id: string; outgoing: boolean; peer: string }[];
	messages: CallMessage[];
	dropped: boolean;
}
/** Somebody in a conference. */
export interface Member {
	conference: string;
	name: string;
	/** Of the call. */
	id: string;
	number: string;
	caller_name: string;
	admin: boolean;
	waiting: boolean;
	muted: boolean;
	talking: boolean;
	recorded?: boolean;
	level_dbov?: number;
	since_ms: number;
	gone?: boolean;
}
