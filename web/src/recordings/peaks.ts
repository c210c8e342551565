// From sound to the heights of a waveform.

/** Peaks of each channel, from 0 to 1. */
export interface Waveform {
	channels: Float32Array[];
	/** The loudest of all: quiet recordings are drawn larger by it. */
	max: number;
}

/** The loudest sample of each of `n` equal parts. */
export function peaksOf(samples: Float32Array, n: number): Float32Array {
	const out = new Float32Array(n);
	const step = samples.length / n;
	for (let i = 0; i < n; i++) {
		const end = Math.min(samples.length, Math.floor((i + 1) * step));
		let top = 0;
		for (let k = Math.floor(i * step); k < end; k++) {
			const v = Math.abs(samples[k]!);
			if (v > top) top = v;
		}
		out[i] = Math.min(1, top);
	}
	return out;
}

export function waveformOf(channels: Float32Array[], n: number): Waveform {
	const list = channels.map((c) => peaksOf(c, n));
	const max = list.reduce((m, c) => c.reduce((a, b) => Math.max(a, b), m), 0);
	return { channels: list, max };
}

/** A height to be drawn: what is quiet is raised, but silence stays silence. */
export function drawn(peak: number, max: number): number {
	if (peak <= 0.002) return 0;
	return Math.min(1, Math.sqrt(peak / Math.max(max, 0.05)));
}

/** Hours of sound take too much memory to be decoded for a picture: beyond this there is a plain line. */
export const WAVEFORM_MAX_MS = 90 * 60_000;
const RATE = 8000;

/** WAV or Ogg/Opus as a waveform of `n` parts; what the browser cannot decode throws. */
export async function decode(bytes: ArrayBuffer, n: number): Promise<Waveform> {
	const context = new OfflineAudioContext(1, 1, RATE);
	const sound = await context.decodeAudioData(bytes);
	const channels: Float32Array[] = [];
	for (let i = 0; i < Math.min(2, sound.numberOfChannels); i++) channels.push(sound.getChannelData(i));
	return waveformOf(channels, n);
}

/** Where a key takes the player, in seconds; null: it is none of its keys. */
export function seekByKey(key: string, shift: boolean, at: number, length: number): number | null {
	const step: Record<string, number> = {
		ArrowLeft: shift ? -1 : -5,
		ArrowDown: shift ? -1 : -5,
		ArrowRight: shift ? 1 : 5,
		ArrowUp: shift ? 1 : 5,
		PageUp: 30,
		PageDown: -30,
	};
	if (key === 'Home') return 0;
	if (key === 'End') return length;
	const by = step[key];
	return by === undefined ? null : Math.max(0, Math.min(length, at + by));
}
