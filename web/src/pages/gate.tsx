// What stands before the page: sign-in and setup share their look.
import { Paper, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { Choices } from '@/shell/choices';
import { LostBanner } from '@/shell/shell';
import { Logo } from '@/ui/icons';

export function Gate({ title, text, children }: { title: string; text?: ReactNode; children: ReactNode }) {
	useEffect(() => {
		document.title = `${title} · offhook`;
	}, [title]);
	return (
		<div className="gate">
			<main>
				<LostBanner />
				<div style={{ display: 'flex', justifyContent: 'center', marginBottom: 18 }}>
					<span className="brand" style={{ fontSize: 22 }}>
						<Logo size={38} />
						offhook
					</span>
				</div>
				<Paper p={28} shadow="sm">
					<Title order={1} mb={text ? 4 : 16}>
						{title}
					</Title>
					{text && (
						<Text size="sm" c="dimmed" mb={18}>
							{text}
						</Text>
					)}
					{children}
				</Paper>
			</main>
			<footer>
				<Choices />
			</footer>
		</div>
	);
}
