/*
 * gate_parts: what the files of the gate share.  gate.c opens and closes, gate_load.c loads and attaches,
 * gate_pin.c keeps for the next daemon, gate_try.c exercises, gate_ring.c listens, gate_maps.c,
 * gate_classes.c and gate_prune.c write maps, gate_ask.c asks.  Nobody else includes this.
 */
#ifndef MONITOR_GATE_PARTS_H
#define MONITOR_GATE_PARTS_H

#include "agentd/monitor/gate.h"

struct bpf_link;
struct bpf_map;
struct bpf_program;
struct event;
struct gate_bpf; /* bpftool's skeleton of gate.bpf.c */
struct ring_buffer;

enum gate_prog { PROG_CONNECT4, PROG_CONNECT6, PROG_CONNECT_UNIX, PROG_DATA_READY, PROG_EXEC, PROG_SENDMSG4,
	PROG_SENDMSG6, PROG_COUNT };

struct gate {
	const struct config *cf;     /* borrowed */
	struct gate_bpf *bpf;        /* NULL: the kernel takes none of it */
	struct bpf_link *link[PROG_COUNT];
	unsigned works;              /* enum gate_flag */
	uint8_t why[GATEF_COUNT];
	int cgroup;                  /* the directory that the programs stand on */
	char *pins;                  /* their folder in bpffs, of ours or the daemon before; NULL: none; owned */
	/* classes */
	uint32_t generation, making; /* 0: none */
	uint32_t last;               /* that was begun; 0: none */
	uint32_t resting;            /* 1 << slot: a program that has begun may still read it */
	uint32_t filled;             /* 1 << slot: it has a trie */
	int trie;                    /* of `making`; −1: none */
	struct gate_ports ports;     /* of `making` */
	/* ring */
	struct ring_buffer *ring;
	struct event *on_ring;
	gate_event_fn *fn;
	void *arg;
};

static inline bool
gate_is_breakglass(const struct config *cf, uint32_t auid)
{
	for (size_t i = 0; i < cf->nbreakglass; i++)
		if (cf->breakglass_uid[i] == auid)
			return true;
	return false;
}

/* gate_load.c.  The programs that this kernel takes; why[] says of the others. */
void gate_load(struct gate *);
/* Each program goes to its place; a facility that cannot is given up. */
void gate_attach(struct gate *);
/* errno is why; its programs are detached. */
void gate_give_up(struct gate *, unsigned facility, int error);
const char *gate_prog_name(enum gate_prog);
struct bpf_program *gate_prog(const struct gate *, enum gate_prog);

/* gate_pin.c.  Whether there is a folder: to be filled, or that of the daemon before us. */
void gate_pin_find(struct gate *);
/* Its maps become ours; 0, or −errno: they are not like ours. */
int gate_pin_take_maps(struct gate *);
/* The link of the daemon before us, with our program in it; NULL: there is none for us. */
struct bpf_link *gate_pin_take_link(struct gate *, enum gate_prog);
void gate_pin_drop_link(const struct gate *, enum gate_prog);
/* All that is loaded and attached stays when we go; or nothing does. */
void gate_pin_keep(struct gate *);
void gate_pin_drop(struct gate *);
void gate_pin_drop_others(void);

/* gate_cgroup.c.  0 or −errno. */
int gate_mount_point(const char *type, char *out, size_t cap);
int gate_cgroup_open(const struct config *, int *dir);
/* This process is in the directory, or below it. */
bool gate_cgroup_has_us(int dir);

/* gate_try.c: what works is seen to work; the rest is given up. */
void gate_try(struct gate *);

/* gate_maps.c.  What is in force; what it was when the daemon before us ended. */
int gate_generation(struct gate *, uint32_t generation);
int gate_generation_found(struct gate *, uint32_t *generation);

/* gate_ask.c.  The program file of a descriptor of ours, as the kernel knows it; 0 or −errno. */
int gate_client_name(struct gate *, int fd, struct gate_program *);

/* gate_prune.c.  Break-glass users are free, and only they. */
int gate_free_breakglass(struct gate *);

/* gate_classes.c.  What the daemon before us left. */
int gate_classes_found(struct gate *);
/* An empty generation, or none, in its slot. */
int gate_classes_new(struct gate *, uint32_t generation);
int gate_classes_drop(struct gate *, uint32_t generation);

/* gate_ring.c */
void gate_deaf(struct gate *);

#endif
