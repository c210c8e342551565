/*
 * guard_port.c - ports with live registrations, by address: a phone in an office that does wrong must not cost the
 * others behind the same address their budget, nor a ban theirs.
 */
#include <string.h>
#include "loop/guard_priv.h"

enum { FIRST = 2, BURST_MS = 4000 };

/* Where the port is, or where it belongs. */
static size_t place(const struct guard_ports *ps, uint16_t port)
{
	size_t lo = 0, hi = ps->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ps->v[mid].port < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct guard_port *guard_port_find(struct guard_who *w, uint16_t port, uint32_t now_s)
{
	size_t i;

	if (!w->ports)
		return NULL;
	i = place(w->ports, port);
	return i < w->ports->n && w->ports->v[i].port == port && w->ports->v[i].until_s > now_s ? &w->ports->v[i]
												: NULL;
}

/* Those whose time is over go; if there are none and the table may not grow, the one that ends first. */
static void thin_out(struct guard_ports *ps, uint32_t now_s)
{
	size_t n = 0, first = 0;

	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].until_s > now_s)
			ps->v[n++] = ps->v[i];
	if (n == ps->n && n >= GUARD_PORTS_MAX) {
		for (size_t i = 1; i < n; i++)
			if (ps->v[i].until_s < ps->v[first].until_s)
				first = i;
		memmove(&ps->v[first], &ps->v[first + 1], (n - first - 1) * sizeof(ps->v[0]));
		n--;
	}
	ps->n = (uint16_t)n;
}

static bool grow(struct guard_who *w)
{
	size_t cap = w->ports ? w->ports->cap * 2u : FIRST;
	size_t size = sizeof(*w->ports) + cap * sizeof(w->ports->v[0]);
	struct guard_ports *ps = mem_realloc(w->ports, size);

	if (!ps)
		return false;
	if (!w->ports)
		ps->n = 0;
	ps->cap = (uint16_t)cap;
	w->ports = ps;
	return true;
}

void guard_port_add(struct guard_who *w, uint16_t port, uint32_t until_s, uint32_t now_s)
{
	struct guard_port *p = guard_port_find(w, port, 0);
	size_t i;

	if (p) {
		p->until_s = p->until_s > now_s && p->until_s > until_s ? p->until_s : until_s;
		return;
	}
	if (w->ports && w->ports->n == w->ports->cap)
		thin_out(w->ports, now_s);
	if ((!w->ports || w->ports->n == w->ports->cap) && !grow(w))
		return;
	i = place(w->ports, port);
	memmove(&w->ports->v[i + 1], &w->ports->v[i], (w->ports->n - i) * sizeof(w->ports->v[0]));
	w->ports->v[i] = (struct guard_port){.port = port, .until_s = until_s};
	w->ports->n++;
}

bool guard_port_spend(struct guard_port *p, uint32_t now_ms, uint32_t rate)
{
	uint32_t inc = 1000 / rate;

	/* the clock of 32 bits goes round: what is far ahead lies behind */
	if ((int32_t)(p->tat_ms - now_ms) < 0 || p->tat_ms - now_ms > BURST_MS)
		p->tat_ms = now_ms;
	if (p->tat_ms - now_ms + inc > BURST_MS)
		return false;
	p->tat_ms += inc;
	return true;
}
