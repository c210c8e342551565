import '@mantine/core/styles.css';
import './app.css';
import './outside.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ApiError } from '@/api/client';
import { SessionProvider } from '@/api/session';
import { I18nProvider } from '@/i18n';
import { ToastProvider } from '@/ui/toast';
import { App } from './app';
import { Crash } from './ui/crash';
import { theme } from './theme';

const client = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 10_000,
			refetchOnWindowFocus: false,
			// what the server refused it refuses again; what did not reach it is tried once more
			retry: (n, e) => n < 1 && e instanceof ApiError && (e.status === 0 || e.status >= 500),
			retryDelay: 500,
			networkMode: 'always',
		},
		mutations: { networkMode: 'always' },
	},
});

createRoot(document.getElementById('root')!).render(
	<StrictMode>
		<MantineProvider
			theme={theme}
			defaultColorScheme="auto"
			colorSchemeManager={localStorageColorSchemeManager({ key: 'offhook.theme' })}
		>
			<I18nProvider>
				<Crash>
					<QueryClientProvider client={client}>
						<ToastProvider>
							<SessionProvider>
								<App />
							</SessionProvider>
						</ToastProvider>
					</QueryClientProvider>
				</Crash>
			</I18nProvider>
		</MantineProvider>
	</StrictMode>,
);
