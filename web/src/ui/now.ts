// The time now, once a second: for clocks that run.
import { useEffect, useState } from 'react';

export function useNow(on = true) {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		if (!on) return;
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, [on]);
	return now;
}
