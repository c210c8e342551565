/*
 * emodel.c - one number for how a call sounds: the E-model of ITU-T G.107 with all
 * parameters but delay, codec and loss at their defaults.
 *
 * R = 93.2 - Id - Ie,eff. Id is the usual two-line fit of G.107's delay curve
 * (Cole and Rosenbluth 2001). Ie,eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl)
 * with BurstR 1 (random loss). Ie and Bpl are those of G.113 Appendix I where it
 * has them; the others are estimates on the same scale and say so.
 */
#include "media/media_priv.h"

static const struct {
	double ie, bpl;
} table[CODEC_COUNT] = {
	[CODEC_OTHER] = {10, 10},     /* unknown speech codec: cautious */
	[CODEC_PCMU] = {0, 25.1},     /* G.113: with packet loss concealment, as phones have it */
	[CODEC_PCMA] = {0, 25.1},     /* G.113 */
	[CODEC_G722] = {0, 25.1},     /* estimate: no worse than G.711 to a narrow-band judge */
	[CODEC_G729] = {11, 19.0},    /* G.113: G.729A + VAD */
	[CODEC_G723] = {15, 16.1},    /* G.113: G.723.1 + VAD, 6.3 kbit/s */
	[CODEC_G728] = {7, 17.0},     /* G.113 has Ie; Bpl estimate */
	[CODEC_GSM] = {20, 10.0},     /* G.113 has Ie of GSM-FR; Bpl as GSM-EFR */
	[CODEC_ILBC] = {11, 32.0},    /* estimate: made to survive loss */
	[CODEC_OPUS] = {0, 30.0},     /* estimate: with in-band FEC */
	[CODEC_SPEEX] = {11, 20.0},   /* estimate */
	[CODEC_AMR] = {5, 10.0},      /* G.113: as GSM-EFR (AMR 12.2) */
	[CODEC_AMRWB] = {5, 10.0},    /* estimate */
	[CODEC_G726_40] = {2, 17.0},  /* G.113 has Ie of G.726; Bpl estimates, as G.728 */
	[CODEC_G726_32] = {7, 17.0},  /* G.113 */
	[CODEC_G726_24] = {25, 17.0}, /* G.113 */
	[CODEC_G726_16] = {50, 17.0}, /* G.113 */
	[CODEC_AAL2_40] = {2, 17.0},  /* as those above in another order of bits */
	[CODEC_AAL2_32] = {7, 17.0},  /* G.113 */
	[CODEC_AAL2_24] = {25, 17.0}, /* G.113 */
	[CODEC_AAL2_16] = {50, 17.0}, /* G.113 */
	[CODEC_L16] = {0, 4.3},       /* as G.711 without concealment */
};

static double rating(double ie, double bpl, double loss_pct, double delay_ms)
{
	double id = 0.024 * delay_ms;

	if (delay_ms > 177.3)
		id += 0.11 * (delay_ms - 177.3);
	return 93.2 - id - (ie + (95 - ie) * loss_pct / (loss_pct + bpl));
}

/* G.107 Annex B */
static uint16_t mos_of_r(double r)
{
	double mos = 1;

	if (r >= 100)
		mos = 4.5;
	else if (r > 0)
		mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	if (mos < 1)
		mos = 1;
	return (uint16_t)(mos * 100 + 0.5);
}

static double clamp(double v, double hi)
{
	/* written so that "not a number" becomes 0 */
	return v > 0 ? (v < hi ? v : hi) : 0;
}

uint16_t emodel_mos(uint8_t id, double loss_pct, double delay_ms)
{
	if (id >= CODEC_COUNT || table[id].bpl <= 0)
		id = CODEC_OTHER;
	return mos_of_r(rating(table[id].ie, table[id].bpl, clamp(loss_pct, 100), clamp(delay_ms, 10000)));
}

uint16_t media_mos(const char *codec, double loss_pct, double delay_ms)
{
	/* G.113 knows G.711 without concealment too */
	if (slice_ieqs(slice_str(codec), "PCMU-NOPLC") || slice_ieqs(slice_str(codec), "PCMA-NOPLC"))
		return emodel_mos(CODEC_L16, loss_pct, delay_ms);
	return emodel_mos(codec_id_of(slice_str(codec)), loss_pct, delay_ms);
}
