/*
 * message_summary.c - messages that wait (RFC 3842 5): "Voice-Message: 2/8 (0/2)" is 2 new and 8 old ones, of these 0
 * and 2 urgent.
 */
#include "wire/sip/message_summary.h"

static int pair(struct slice s, uint32_t *a, uint32_t *b)
{
	struct slice first = slice_trim(slice_cut(&s, '/')), second = slice_trim(s);
	uint32_t x, y;

	if (slice_u32(first, &x) || slice_u32(second, &y))
		return ERR_SYNTAX;
	*a = x;
	*b = y;
	return 0;
}

static int voice(struct sip_message_summary *m, struct slice val)
{
	struct slice rest = val, counts = slice_trim(slice_cut(&rest, '(')), urgent = slice_trim(slice_cut(&rest, ')'));
	int err = pair(counts, &m->voice_new, &m->voice_old);

	if (err)
		return err;
	m->has_voice = true;
	return urgent.l ? pair(urgent, &m->urgent_new, &m->urgent_old) : 0;
}

int sip_message_summary_decode(struct sip_message_summary *m, struct slice body)
{
	bool first = true;
	int err = 0;

	*m = (struct sip_message_summary){0};
	while (body.l && !err) {
		struct slice line = slice_trim(slice_cut(&body, '\n'));
		struct slice name = slice_trim(slice_cut(&line, ':')), val = slice_trim(line);

		if (!name.l) {
			if (first)
				continue;
			break; /* what follows an empty line are headers of single messages */
		}
		if (first) {
			if (!slice_ieqs(name, "Messages-Waiting"))
				return ERR_SYNTAX;
			m->waiting = slice_ieqs(val, "yes");
			if (!m->waiting && !slice_ieqs(val, "no"))
				return ERR_SYNTAX;
			first = false;
		} else if (slice_ieqs(name, "Voice-Message")) {
			err = voice(m, val);
		}
	}
	return first ? ERR_SYNTAX : err;
}

void sip_message_summary_encode(struct buf *b, const struct sip_message_summary *m, struct slice account)
{
	buf_printf(b, "Messages-Waiting: %s\r\n", m->waiting ? "yes" : "no");
	if (account.l) {
		buf_str(b, "Message-Account: ");
		buf_slice(b, account);
		buf_str(b, "\r\n");
	}
	if (m->has_voice)
		buf_printf(b, "Voice-Message: %u/%u (%u/%u)\r\n", m->voice_new, m->voice_old, m->urgent_new,
			   m->urgent_old);
}
