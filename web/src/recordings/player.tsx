// The player of a recording: its waveform, where it is, how fast. The waveform is a slider for the keyboard and for
// screen readers; a click or a drag on it goes there.
import '@/system.css';
import { ActionIcon, Loader, SegmentedControl, Text, Tooltip, useComputedColorScheme } from '@mantine/core';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { api, ApiError } from '@/api/client';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { useErrorText } from '@/ui/parts';
import { decode, drawn, seekByKey, WAVEFORM_MAX_MS, type Waveform } from './peaks';

const PARTS = 1200;
const speeds = ['0.75', '1', '1.25', '1.5', '2'];

type Sound =
	{ state: 'loading' } | { state: 'failed'; error: unknown } | { state: 'ready'; src: string; wave: Waveform | null };

/** Fetches the sound once: the same bytes are drawn and played. */
function useSound(path: string, ms: number): [Sound, () => void] {
	const [sound, setSound] = useState<Sound>({ state: 'loading' });
	const [tries, setTries] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		let url = '';
		setSound({ state: 'loading' });
		const load = async () => {
			if (ms > WAVEFORM_MAX_MS) {
				setSound({ state: 'ready', src: `/api/v1/${path}`, wave: null });
				return;
			}
			const blob = await api.blob(path, { signal: stop.signal });
			const wave = await blob
				.arrayBuffer()
				.then((b) => decode(b, PARTS))
				.catch(() => null);
			if (stop.signal.aborted) return;
			url = URL.createObjectURL(blob);
			setSound({ state: 'ready', src: url, wave });
		};
		load().catch((error: unknown) => !stop.signal.aborted && setSound({ state: 'failed', error }));
		return () => {
			stop.abort();
			if (url) URL.revokeObjectURL(url);
		};
	}, [path, ms, tries]);
	return [sound, () => setTries((n) => n + 1)];
}

export interface PlayerProps {
	/** Of the API: "recordings/ID/sound". */
	path: string;
	ms: number;
	/** What it is, for screen readers. */
	label: string;
	/** Who is heard in which channel, when there are two. */
	sides?: readonly [string, string];
}

export function Player(p: PlayerProps) {
	const { t, clock } = useI18n();
	const say = useErrorText();
	const [sound, again] = useSound(p.path, p.ms);
	const audio = useRef<HTMLAudioElement>(null);
	const [playing, setPlaying] = useState(false);
	const [at, setAt] = useState(0);
	const [length, setLength] = useState(p.ms / 1000);
	const [speed, setSpeed] = useState('1');
	const [broken, setBroken] = useState(false);

	useEffect(() => {
		if (!playing) return;
		let frame = 0;
		const tick = () => {
			setAt(audio.current?.currentTime ?? 0);
			frame = requestAnimationFrame(tick);
		};
		frame = requestAnimationFrame(tick);
		return () => cancelAnimationFrame(frame);
	}, [playing]);
	useEffect(() => {
		if (audio.current) audio.current.playbackRate = Number(speed);
	}, [speed, sound]);

	const seek = useCallback((s: number) => {
		setAt(s);
		if (audio.current) audio.current.currentTime = s;
	}, []);
	const toggle = useCallback(() => {
		const a = audio.current;
		if (!a) return;
		if (a.paused) void a.play().catch(() => setBroken(true));
		else a.pause();
	}, []);
	const key = (e: KeyboardEvent) => {
		if (e.altKey || e.ctrlKey || e.metaKey) return;
		if (e.key === ' ' || e.key === 'k') toggle();
		else {
			const to = seekByKey(e.key, e.shiftKey, at, length);
			if (to === null) return;
			seek(to);
		}
		e.preventDefault();
	};

	if (sound.state === 'failed')
		return (
			<div className="player" role="alert">
				<Text size="sm" style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
					<Icon name="alert" size={18} style={{ color: 'var(--bad)', flex: 'none' }} />
					{sound.error instanceof ApiError && sound.error.code === 'no_such_file'
						? t('rec.fileGone')
						: say(sound.error)}
					<button type="button" className="link" onClick={again}>
						{t('retry')}
					</button>
				</Text>
			</div>
		);
	const ready = sound.state === 'ready';
	return (
		<div className="player">
			<div className="player-row">
				<Tooltip label={t(playing ? 'rec.pause' : 'rec.play')}>
					<ActionIcon
						size={46}
						radius="xl"
						disabled={!ready}
						aria-label={t(playing ? 'rec.pause' : 'rec.play')}
						onClick={toggle}
					>
						<Icon name={playing ? 'pause' : 'play'} size={22} />
					</ActionIcon>
				</Tooltip>
				<div
					className="wave-box"
					role="slider"
					tabIndex={ready ? 0 : -1}
					aria-label={t('rec.position', { what: p.label })}
					aria-valuemin={0}
					aria-valuemax={Math.round(length)}
					aria-valuenow={Math.round(at)}
					aria-valuetext={`${clock(at)} / ${clock(length)}`}
					aria-disabled={!ready}
					onKeyDown={key}
				>
					{sound.state === 'loading' ? (
						<span className="wave-wait" role="status">
							<Loader size="xs" />
							{t('rec.loading')}
						</span>
					) : (
						<Wave wave={sound.wave} at={length ? at / length : 0} onSeek={(x) => seek(x * length)} />
					)}
				</div>
			</div>
			{ready && sound.wave?.channels.length === 2 && p.sides && (
				<div className="wave-sides">
					<span>{t('rec.above', { who: p.sides[0] })}</span>
					<span>{t('rec.below', { who: p.sides[1] })}</span>
				</div>
			)}
			<div className="player-row">
				<span className="num" style={{ flex: 1, minWidth: 110 }}>
					{clock(at)} / {clock(length)}
				</span>
				<Tooltip label={t('rec.back10')}>
					<ActionIcon
						variant="subtle"
						color="gray"
						size="lg"
						disabled={!ready}
						aria-label={t('rec.back10')}
						onClick={() => seek(Math.max(0, at - 10))}
					>
						<Icon name="back10" />
					</ActionIcon>
				</Tooltip>
				<Tooltip label={t('rec.forward10')}>
					<ActionIcon
						variant="subtle"
						color="gray"
						size="lg"
						disabled={!ready}
						aria-label={t('rec.forward10')}
						onClick={() => seek(Math.min(length, at + 10))}
					>
						<Icon name="forward10" />
					</ActionIcon>
				</Tooltip>
				<SegmentedControl
					size="xs"
					aria-label={t('rec.speed')}
					data={speeds.map((s) => ({ value: s, label: `${s}×` }))}
					value={speed}
					onChange={setSpeed}
				/>
			</div>
			{ready && sound.wave === null && p.ms > WAVEFORM_MAX_MS && (
				<Text size="xs" c="dimmed">
					{t('rec.tooLong')}
				</Text>
			)}
			<div role="alert">
				{broken && (
					<Text size="sm" c="var(--bad)">
						{t('rec.cannotPlay')}
					</Text>
				)}
			</div>
			{ready && (
				<audio
					ref={audio}
					src={sound.src}
					preload="metadata"
					onPlay={() => setPlaying(true)}
					onPause={() => setPlaying(false)}
					onEnded={() => setPlaying(false)}
					onTimeUpdate={(e) => setAt(e.currentTarget.currentTime)}
					onLoadedMetadata={(e) => {
						const d = e.currentTarget.duration;
						if (Number.isFinite(d) && d > 0) setLength(d);
						e.currentTarget.playbackRate = Number(speed);
					}}
					onError={() => setBroken(true)}
				/>
			)}
		</div>
	);
}

function Wave({ wave, at, onSeek }: { wave: Waveform | null; at: number; onSeek: (x: number) => void }) {
	const canvas = useRef<HTMLCanvasElement>(null);
	const [width, setWidth] = useState(0);
	const scheme = useComputedColorScheme('light');
	useEffect(() => {
		const c = canvas.current;
		if (!c) return;
		const o = new ResizeObserver(() => setWidth(c.clientWidth));
		o.observe(c);
		return () => o.disconnect();
	}, []);
	useEffect(() => {
		if (canvas.current && width) draw(canvas.current, wave, at);
	}, [wave, at, width, scheme]);
	const place = (e: PointerEvent<HTMLCanvasElement>) => {
		const box = e.currentTarget.getBoundingClientRect();
		onSeek(Math.max(0, Math.min(1, (e.clientX - box.left) / box.width)));
	};
	return (
		<canvas
			ref={canvas}
			className="wave"
			onPointerDown={(e) => {
				e.currentTarget.setPointerCapture(e.pointerId);
				place(e);
			}}
			onPointerMove={(e) => e.buttons & 1 && place(e)}
		/>
	);
}

/** Bars, 2 pixels wide with 1 between; what has been heard in the accent's colour. Two channels: one up, one down. */
function draw(c: HTMLCanvasElement, wave: Waveform | null, at: number) {
	const ratio = window.devicePixelRatio || 1;
	const w = c.clientWidth;
	const h = c.clientHeight;
	const g = c.getContext('2d');
	if (!g) return;
	c.width = Math.round(w * ratio);
	c.height = Math.round(h * ratio);
	g.scale(ratio, ratio);
	const style = getComputedStyle(c);
	const heard = style.color;
	const rest = style.borderTopColor;
	const mid = h / 2;
	const bars = Math.max(1, Math.floor(w / 3));
	for (let i = 0; i < bars; i++) {
		const x = i * 3;
		g.fillStyle = (i + 0.5) / bars <= at ? heard : rest;
		let up = 1;
		let down = 1;
		if (wave) {
			const top = (n: number) => {
				const list = wave.channels[n] ?? wave.channels[0]!;
				const from = Math.floor((i * list.length) / bars);
				const to = Math.max(from + 1, Math.floor(((i + 1) * list.length) / bars));
				let v = 0;
				for (let k = from; k < to; k++) v = Math.max(v, list[k] ?? 0);
				return Math.max(0.75, drawn(v, wave.max) * (mid - 2));
			};
			up = top(0);
			down = top(1);
		}
		g.fillRect(x, mid - up, 2, up + down);
	}
	g.fillStyle = heard;
	g.fillRect(Math.min(w - 2, at * w), 0, 2, h);
}

export default Player;
