// Recordings as the server lists them.
export interface Recording {
	id: string;
	/** Id of the call; "" of a conference. */
	call: string;
	start_ms: number;
	state: 'recording' | 'complete' | 'interrupted' | 'failed';
	file: string;
	from: string;
	to: string;
	ms: number;
	bytes: number;
	lost: number;
	paused_ms: number;
}
