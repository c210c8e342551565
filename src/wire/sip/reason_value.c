/*
 * reason_value.c - the Reason header (RFC 3326) and the causes of ISDN.
 */
#include "wire/sip/reason_value.h"
#include "wire/sip/lex.h"

int sip_reason_value_decode(struct sip_reason_value *r, struct slice s)
{
	const char *p, *e, *q;
	struct slice rest, n, v;
	enum sip_lex x;
	uint32_t u;

	*r = (struct sip_reason_value){0};
	s = sip_trim(s);
	p = s.p;
	e = sip_end(s);
	q = sip_span(p, e, CC_TOKEN);
	if (q == p)
		return ERR_SYNTAX;
	r->protocol = sip_between(p, q);
	rest = sip_between(q, e);
	while ((x = sip_param_lex(&rest, &n, &v, true)) == SIP_LEX_ONE) {
		if (slice_ieqs(n, "cause") && !r->has_cause && !slice_u32(v, &u) && u <= UINT16_MAX) {
			r->has_cause = true;
			r->cause = (uint16_t)u;
		} else if (slice_ieqs(n, "text") && !r->text.p) {
			r->text = v;
		}
	}
	if (x == SIP_LEX_END)
		return 0;
	*r = (struct sip_reason_value){0};
	return ERR_SYNTAX;
}

void sip_reason_value_encode(struct buf *b, const char *protocol, uint16_t cause, struct slice text)
{
	buf_str(b, protocol);
	buf_str(b, ";cause=");
	buf_u64(b, cause);
	if (!text.l)
		return;
	buf_str(b, ";text=");
	sip_enc_quoted(b, text);
}

void sip_reason_causes(const struct sip_msg *m, struct sip_reason_causes *c)
{
	struct sip_val_iter it = {0};
	struct sip_reason_value r;
	struct slice v;

	*c = (struct sip_reason_causes){0};
	while (sip_msg_next_val(m, SIP_HDR_REASON, &it, &v)) {
		if (sip_reason_value_decode(&r, v))
			continue;
		if (slice_ieqs(r.protocol, "SIP") && !c->sip && r.cause >= 100 && r.cause <= 699)
			c->sip = r.cause;
		else if (slice_ieqs(r.protocol, "Q.850") && !c->q850 && r.cause >= 1 && r.cause <= 127)
			c->q850 = (uint8_t)r.cause;
	}
}

/* ------------------------------------------------------------------ ISDN */

static const struct {
	uint8_t cause;
	uint16_t scode;
	const char *words;
} causes[] = {
	{1, 404, "the number does not exist"},
	{2, 404, "no way to that network"},
	{3, 404, "no way to that number"},
	{4, 0, NULL},
	{5, 404, "wrong prefix"},
	{16, 0, NULL},
	{17, 486, "busy"},
	{18, 408, "the phone did not respond"},
	{19, 480, "no answer"},
	{20, 480, "the mobile phone is switched off or out of reach"},
	{21, 403, "rejected"},
	{22, 410, "the number has changed"},
	{23, 410, "the number has changed"},
	{25, 483, "the call went in a circle"},
	{26, 404, "not chosen"},
	{27, 502, "the line of that number is out of order"},
	{28, 484, "the number is incomplete"},
	{29, 501, "the other network refuses the facility"},
	{31, 0, NULL},
	{34, 503, "all lines of the other network are busy"},
	{38, 503, "the other network is out of order"},
	{41, 503, "the other network has a temporary failure"},
	{42, 503, "the other network is overloaded"},
	{43, 503, "the other network dropped information"},
	{44, 503, "the line asked for is not free"},
	{47, 503, "the other network has no resources"},
	{49, 503, "the quality asked for is not available"},
	{50, 403, "a facility is not subscribed to"},
	{52, 403, "outgoing calls are barred"},
	{54, 403, "incoming calls are barred there"},
	{55, 403, "incoming calls are barred there"},
	{57, 403, "the bearer is not allowed"},
	{58, 503, "the bearer is not available now"},
	{63, 503, "the service is not available"},
	{65, 488, "the bearer is not known there"},
	{66, 488, "the kind of channel is not known there"},
	{69, 501, "the facility is not known there"},
	{70, 488, "only digital data without limits"},
	{79, 501, "the service is not known there"},
	{87, 403, "not a member of the group"},
	{88, 503, "the devices do not fit together"},
	{95, 400, "the other network did not understand"},
	{102, 504, "the other network did not answer in time"},
	{111, 500, "the other network met a protocol error"},
	{127, 500, "the other network gave no reason"},
};

uint16_t q850_scode(uint8_t cause)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		if (causes[i].cause == cause)
			return causes[i].scode;
	return 0;
}

const char *q850_words(uint8_t cause)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		if (causes[i].cause == cause)
			return causes[i].words;
	return NULL;
}

uint8_t q850_of_scode(uint16_t scode)
{
	static const struct {
		uint16_t scode;
		uint8_t cause;
	} tab[] = {
		{400, 41},  {401, 21},  {402, 21},  {403, 21},  {404, 1},   {405, 63},  {406, 79},  {407, 21},
		{408, 102}, {410, 22},  {413, 127}, {414, 127}, {415, 79},  {416, 127}, {420, 127}, {421, 127},
		{423, 127}, {480, 18},  {481, 41},  {482, 25},  {483, 25},  {484, 28},  {485, 1},   {486, 17},
		{487, 16},  {488, 127}, {500, 41},  {501, 79},  {502, 38},  {503, 41},  {504, 102}, {505, 127},
		{513, 127}, {600, 17},  {603, 21},  {604, 1},   {606, 127}, {607, 21},  {608, 21},
	};

	if (scode < 300)
		return 16;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		if (tab[i].scode == scode)
			return tab[i].cause;
	return 31;
}
