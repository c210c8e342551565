// Country, area code, emergency numbers.
import { CountryInput } from '@/resource/inputs';
import ResourcePage from '@/resource/page';
import { ExplainBox } from './explain';

export default function Numbering() {
	return (
		<ResourcePage
			plural="numbering"
			form={{ inputs: { country: (p) => <CountryInput {...p} /> } }}
			aside={() => <ExplainBox />}
		/>
	);
}
