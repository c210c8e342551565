// Before the first paint: light or dark as chosen, so that nothing flashes. A file of its own, since the page's
// Content-Security-Policy allows no script within HTML.
(function () {
	var chosen = null;
	try {
		chosen = localStorage.getItem('offhook.theme');
	} catch (_) {
		/* storage is switched off: follow the system */
	}
	var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
	document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
