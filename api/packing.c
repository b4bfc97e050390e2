#include "api/packing.h"

#include <stdatomic.h>
#include <string.h>

#include "api/accept.h"
#include "base/mem.h"

enum { PIECE_BYTES = 32 << 10, TURN_PIECES = 8 };

/* --- whole bodies ------------------------------------------------------------------------ */

static enum err pack_all(enum pack_format format, struct str bytes, struct buf *out) {
    OWNED(pack) struct pack *p = pack_new(format);
    enum err e = p ? pack_feed(p, bytes, out) : ERR_NO_MEMORY;

    return e == ERR_OK ? pack_finish(p, out) : e;
}

/* False: it stays as it is. */
static bool pack_body(struct api_call *c, enum pack_format format) {
    struct buf packed = BUF_INIT(CALL_MAX_BODY);

    if (pack_all(format, buf_str(&c->response.body), &packed) != ERR_OK) {
        buf_done(&packed);
        return false;
    }
    buf_done(&c->response.body);
    c->response.body = packed;
    return true;
}

/* --- streams ----------------------------------------------------------------------------- */

/* A reader in front of another one. */
struct packing {
    struct api *api;
    struct api_reader plain;
    struct pack *pack;
    struct buf out;
    size_t taken; /* of |out| */
    bool is_over; /* of |plain| all was read */
};

/* What read() returns where |out| is still empty after it; else the number of bytes read. */
static ssize_t fill(struct packing *p) {
    char piece[PIECE_BYTES];
    ssize_t n = p->plain.read(p->plain.arg, piece, sizeof piece);
    enum err e = ERR_OK;

    if (n > 0)
        e = pack_feed(p->pack, str_at(piece, (size_t)n), &p->out);
    else if (n == 0)
        e = pack_finish(p->pack, &p->out);
    p->is_over = n == 0;
    return e == ERR_OK ? n : API_BROKEN;
}

static ssize_t read_packed(void *arg, char *dst, size_t max) {
    struct packing *p = arg;
    ssize_t n = API_AGAIN;

    if (p->taken == p->out.len) {
        buf_clear(&p->out);
        p->taken = 0;
        for (int i = 0; i < TURN_PIECES && p->out.len == 0 && !p->is_over; i++)
            if ((n = fill(p)) < 0)
                return n;
    }
    if (p->out.len == 0)
        return p->is_over ? 0 : API_AGAIN;
    n = (ssize_t)(p->out.len - p->taken);
    if ((size_t)n > max)
        n = (ssize_t)max;
    memcpy(dst, p->out.ptr + p->taken, (size_t)n);
    p->taken += (size_t)n;
    return n;
}

static void free_packing(void *arg) {
    struct packing *p = arg;

    p->plain.free(p->plain.arg);
    pack_free(p->pack);
    buf_done(&p->out);
    atomic_fetch_sub(&p->api->packed_streams, 1);
    free(p);
}

static bool pack_stream(struct api_call *c, enum pack_format format) {
    struct api *a = c->api;
    struct pack *pack = NULL;
    struct packing *p;

    if (atomic_fetch_add(&a->packed_streams, 1) < PACKING_MOST_STREAMS)
        pack = pack_new(format);
    if (!pack) {
        atomic_fetch_sub(&a->packed_streams, 1);
        return false;
    }
    p = NEW(struct packing);
    *p = (struct packing){
        .api = a, .plain = c->response.reader, .pack = pack, .out = BUF_INIT(CALL_MAX_BODY)};
    c->response.reader = (struct api_reader){.read = read_packed, .free = free_packing, .arg = p};
    return true;
}

/* --- which ------------------------------------------------------------------------------- */

static bool stays_open(const struct api_reader *r) {
    return r->wait != NULL;
}

void packing_apply(struct api_call *c) {
    struct api_response *r = &c->response;
    bool is_stream = r->reader.read != NULL, is_packed;
    struct str accept = STR_NONE;
    enum pack_format format;

    if (is_stream ? stays_open(&r->reader) : r->body.len < PACKING_LEAST_BYTES)
        return;
    if (!call_header(c, STR("Accept-Encoding"), &accept) || !accept_coding(accept, &format))
        return;
    is_packed = is_stream ? pack_stream(c, format) : pack_body(c, format);
    if (is_packed)
        call_add_header(c, "Content-Encoding", format == PACK_GZIP ? STR("gzip") : STR("zstd"));
}
