/*
 * privacy.c - the Privacy header (RFC 3323 4.2): a short list of known words.
 */
#include "wire/sip/privacy.h"
#include "wire/sip/lex.h"

static const struct {
	const char *word;
	unsigned bit;
} words[] = {
	{"none", SIP_PRIVACY_NONE},       {"id", SIP_PRIVACY_ID},           {"user", SIP_PRIVACY_USER},
	{"header", SIP_PRIVACY_HEADER},   {"session", SIP_PRIVACY_SESSION}, {"critical", SIP_PRIVACY_CRITICAL},
	{"history", SIP_PRIVACY_HISTORY},
};

static unsigned word_bit(struct slice s)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_ieqs(s, words[i].word))
			return words[i].bit;
	return 0;
}

unsigned sip_privacy_decode(struct slice s)
{
	unsigned bits = 0;

	while (s.l) {
		struct slice part = slice_cut(&s, ';');

		while (part.l)
			bits |= word_bit(sip_trim(slice_cut(&part, ',')));
	}
	return bits;
}

unsigned sip_privacy_get(const struct sip_msg *m)
{
	unsigned bits = 0;

	for (size_t i = 0; i < m->hdrc; i++)
		if (m->hdrv[i].id == SIP_HDR_PRIVACY)
			bits |= sip_privacy_decode(m->hdrv[i].val);
	return bits;
}

void sip_privacy_encode(struct buf *b, unsigned bits)
{
	bool more = false;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(bits & words[i].bit))
			continue;
		if (more)
			buf_char(b, ';');
		buf_str(b, words[i].word);
		more = true;
	}
}
