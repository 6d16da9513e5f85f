/*
 * gate_abi: what the BPF programs (gate.bpf.c) and the monitor both read and write: values of their maps
 * and the events of their ring.  Pinned maps outlive a daemon, so what they hold is versioned.  Numbers
 * only; includes nothing but stdint, because the BPF program includes it.
 */
#ifndef MONITOR_GATE_ABI_H
#define MONITOR_GATE_ABI_H

#include "agentd/monitor/grant.h"

#define GATE_ABI 4 /* another one's pinned maps are never read */

#define GATE_ROWS      65536
#define GATE_LISTENERS 8192
#define GATE_CLIENTS   4096
#define GATE_PREFIXES  131072 /* of one generation */
#define GATE_RING      (256u << 10)
#define GATE_PATH      108 /* sun_path, unix(7) */

/* What a row says beside the grant: the monitor's own knowledge. */
struct gate_row {
	struct grant grant;
	uint32_t ses, auid;
	uint32_t sshd_pid; /* of the reporting sshd: it and its child of the same program relay */
	uint32_t flags;    /* enum gate_row_flag */
	uint64_t sshd_start; /* of that process: in ticks since boot, as its stat in /proc has it */
	uint64_t sshd_dev, sshd_ino; /* as stat(2) has them; for the next daemon, the kernel does not look */
};
/* The first two are the policy's word, and hold while the mode is enforce. */
enum gate_row_flag {
	GATEROW_ISOLATED = 1u << 0, /* no outbound connection of any kind */
	GATEROW_REVOKED = 1u << 1,  /* its own agents neither */
	/* Root's own word, which no mode takes back. */
	GATEROW_ISOLATED_ORDER = 1u << 2,
	GATEROW_REVOKED_ORDER = 1u << 3,
};

/* A Unix listener by its socket cookie (sock_diag). */
struct gate_listener {
	uint64_t cookie;
	uint64_t inode; /* of its file, for the notice */
	uint32_t dev_major, dev_minor;
	uint32_t ses, uid; /* of who listens; ses SES_UNSET: no session */
	uint32_t mux;      /* enum grant_socket */
	uint32_t pad;
};

/* --- values of single maps ---------------------------------------------------------------------------- */

struct gate_state {
	uint32_t enforce;
	uint32_t ungranted_deny;
	uint32_t generation; /* of the classes in force; 0: none */
	uint32_t until_s;    /* since boot: enforce ends then, with a daemon or without; 0: it does not */
};

/*
 * Generations of classes: the one in force, the one that is being made, and those of daemons that died while they made
 * one, which rows may still have.  The exercise at start has one more, beside them.
 */
#define GATE_SLOTS          8 /* a power of two */
#define GATE_TRY_GENERATION UINT32_MAX

static inline uint32_t
gate_slot(uint32_t generation)
{
	return generation == GATE_TRY_GENERATION ? GATE_SLOTS : generation % GATE_SLOTS;
}

#define GATE_PORT_SSH 0x80u /* beside the class */
struct gate_ports {
	uint32_t generation;
	uint8_t of[65536]; /* port, host order → class | GATE_PORT_SSH */
};

struct gate_prefix {
	uint32_t bits;
	uint8_t addr[16];
};

struct gate_path {
	char path[GATE_PATH + 4];
};

/*
 * A program file as the kernel itself knows it: what stat(2) says differs on btrfs and overlayfs, and an inode
 * number is soon another file's.  The BPF program `name` answers it for a descriptor of ours.
 */
struct gate_program {
	uint64_t ino;
	uint32_t dev, generation;
};

/* What the BPF program `judge` is asked: its context, an array of 64-bit words. */
struct gate_asked {
	uint64_t addr[2]; /* 16 bytes, network order; IPv4 as v4-mapped */
	uint64_t port;    /* host order */
	uint64_t ses, relay;
	uint64_t came;    /* perhaps to here: only an SSH port at its other end says that it went there */
	int64_t program, starter; /* descriptors of the caller's; −1: none */
};

/* A row for one process, whatever its session and the mode: the exercise at start. */
struct gate_try {
	uint32_t tgid, pad;
	struct gate_row row;
	struct gate_program client; /* an SSH client to that process only */
};

/* Who last connected a TCP socket, for as long as that lives; who has it by now does not matter. */
struct gate_maker {
	uint32_t ses, tgid;
};

/* What a session was refused, and how much of it was told. */
struct gate_tally {
	uint64_t refused;
	uint64_t second; /* that `told` counts in */
	uint64_t told;
	uint64_t untold; /* since the last that was told */
};

/* --- events ------------------------------------------------------------------------------------------- */

struct gate_saw {
	uint64_t when_ns; /* CLOCK_MONOTONIC */
	uint64_t untold;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t flags; /* as NOTE_GATE's */
	uint32_t ses;   /* whose grant; SES_UNSET: none */
	uint32_t own_ses, auid, pid, uid;
	uint8_t addr[16]; /* IPv4 as v4-mapped */
	uint16_t port;    /* host order */
	uint16_t pad[3];
};

_Static_assert(sizeof(struct gate_row) == sizeof(struct grant) + 40, "no padding");
_Static_assert(sizeof(struct gate_saw) == 80, "no padding");
_Static_assert((GATE_SLOTS & (GATE_SLOTS - 1)) == 0, "numbers that wrap go on from slot to slot");

#endif
