// Short messages in the corner, perhaps with one thing to do ("Undo"). They are a live region, so that they are read
// out; those with a button stay longer, and all stay while the mouse or the focus is on them.
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '@/i18n';
import { Icon } from './icons';

interface Toast {
	id: number;
	text: string;
	action?: { label: string; run: () => void } | undefined;
}
type Show = (text: string, action?: Toast['action']) => void;
const Context = createContext<Show>(() => {});
export const useToast = () => useContext(Context);

export function ToastProvider({ children }: { children: ReactNode }) {
	const { t } = useI18n();
	const [list, setList] = useState<Toast[]>([]);
	const timers = useRef(new Map<number, ReturnType<typeof setTimeout>>());
	const next = useRef(1);
	const close = useCallback((id: number) => {
		clearTimeout(timers.current.get(id));
		timers.current.delete(id);
		setList((l) => l.filter((x) => x.id !== id));
	}, []);
	const arm = useCallback(
		(x: Toast) => {
			clearTimeout(timers.current.get(x.id));
			timers.current.set(
				x.id,
				setTimeout(() => close(x.id), x.action ? 12000 : 5000),
			);
		},
		[close],
	);
	const show = useCallback<Show>(
		(text, action) => {
			const x = { id: next.current++, text, action };
			setList((l) => [...l.slice(-2), x]);
			arm(x);
		},
		[arm],
	);
	const value = useMemo(() => show, [show]);
	return (
		<Context.Provider value={value}>
			{children}
			<div className="toasts" role="status" aria-live="polite">
				{list.map((x) => (
					<div
						key={x.id}
						className="toast"
						onMouseEnter={() => clearTimeout(timers.current.get(x.id))}
						onMouseLeave={() => arm(x)}
						onFocus={() => clearTimeout(timers.current.get(x.id))}
						onBlur={() => arm(x)}
					>
						<span>{x.text}</span>
						{x.action && (
							<button
								type="button"
								onClick={() => {
									x.action?.run();
									close(x.id);
								}}
							>
								{x.action.label}
							</button>
						)}
						<button type="button" aria-label={t('close')} onClick={() => close(x.id)}>
							<Icon name="x" size={16} />
						</button>
					</div>
				))}
			</div>
		</Context.Provider>
	);
}
