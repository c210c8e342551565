import '@mantine/core/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { MantineProvider } from '@mantine/core';

createRoot(document.getElementById('root')!).render(
	<StrictMode>
		<MantineProvider>offhook</MantineProvider>
	</StrictMode>,
);
