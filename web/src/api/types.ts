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
export interface Cdr {
	id: string;
	from: string;
	to: string;
	from_name?: string;
	answered_by?: string | null;
	start_ms: number;
	outcome: string;
	reason: string;
	duration_ms: number;
	talk_ms: number;
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
	codec?: string;
	mos?: number;
	mos_now?: number;
	verdict?: string;
	hidden?: boolean;
}
export interface Call {
	id: string;
	from: string;
	to: string;
	state: string;
	seconds: number;
	talk_seconds: number;
	legs: CallLeg[];
	recording?: string;
}
