/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * gate_task: what the BPF programs read of the kernel's own structs.  Each is defined here with the few
 * fields that are read; the loader finds their places in the running kernel (CO-RE, libbpf).
 */
#ifndef MONITOR_GATE_TASK_BPF_H
#define MONITOR_GATE_TASK_BPF_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "agentd/monitor/gate_abi.h"

#define FOUND_AT_LOAD __attribute__((preserve_access_index))

typedef struct {
	uint32_t val;
} kuid_t;
typedef struct {
	int64_t counter;
} atomic64_t;
struct super_block {
	uint32_t s_dev;
} FOUND_AT_LOAD;
struct inode {
	unsigned long i_ino;
	uint32_t i_generation;
	struct super_block *i_sb;
} FOUND_AT_LOAD;
struct file {
	struct inode *f_inode;
} FOUND_AT_LOAD;
struct mm_struct {
	struct file *exe_file;
} FOUND_AT_LOAD;
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} FOUND_AT_LOAD;
struct files_struct {
	struct fdtable *fdt;
} FOUND_AT_LOAD;
struct linux_binprm {
	struct file *file;
} FOUND_AT_LOAD;
struct cred {
	kuid_t uid, euid;
} FOUND_AT_LOAD;
struct task_struct {
	int tgid;
	struct task_struct *real_parent, *group_leader;
	uint64_t start_boottime;
	struct mm_struct *mm;
	const struct cred *cred;
	struct files_struct *files;
	kuid_t loginuid;
	unsigned int sessionid;
} FOUND_AT_LOAD;
struct task_struct___before_5_5 {
	uint64_t real_start_time; /* start_boottime's name until then */
} FOUND_AT_LOAD;
struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	atomic64_t skc_cookie;
} FOUND_AT_LOAD;
struct sock {
	struct sock_common __sk_common;
} FOUND_AT_LOAD;
struct sockaddr;
struct bpf_sock_addr_kern {
	struct sockaddr *uaddr;
	uint32_t uaddrlen;
} FOUND_AT_LOAD;

static __always_inline const struct inode *
task_program(const struct task_struct *t)
{
	return BPF_CORE_READ(t, mm, exe_file, f_inode);
}

static __always_inline struct gate_program
program_of(const struct inode *i)
{
	return (struct gate_program){.ino = BPF_CORE_READ(i, i_ino), .dev = BPF_CORE_READ(i, i_sb, s_dev),
	    .generation = BPF_CORE_READ(i, i_generation)};
}

/* What the caller has open under that number. */
static __always_inline const struct inode *
task_open_file(const struct task_struct *t, uint32_t fd)
{
	struct file **table = BPF_CORE_READ(t, files, fdt, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(t, files, fdt, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), table + fd) != 0)
		return NULL;
	return BPF_CORE_READ(file, f_inode);
}

#define NS_PER_TICK 10000000 /* USER_HZ is 100 wherever there is BPF */

/* As its stat in /proc has it: nsec_to_clock_t() of start_boottime (fs/proc/array.c, kernel/time/time.c). */
static __always_inline uint64_t
task_start_ticks(const struct task_struct *t)
{
	const struct task_struct *leader = BPF_CORE_READ(t, group_leader);
	const struct task_struct___before_5_5 *older = (const void *)leader;

	if (bpf_core_field_exists(leader->start_boottime))
		return BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	return BPF_CORE_READ(older, real_start_time) / NS_PER_TICK;
}

/* The session's sshd, which is root; whoever got its pid later started later. */
static __always_inline bool
task_is_sshd(const struct task_struct *t, const struct gate_row *row)
{
	return row->sshd_pid != 0 && (uint32_t)BPF_CORE_READ(t, tgid) == row->sshd_pid &&
	    BPF_CORE_READ(t, cred, euid.val) == 0 && task_start_ticks(t) == row->sshd_start;
}

/* It, or a child that runs the same program file: the user's sshd. */
static __always_inline bool
task_relays(const struct task_struct *t, const struct gate_row *row)
{
	const struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	const struct inode *program;

	if (task_is_sshd(t, row))
		return true;
	if (!task_is_sshd(parent, row))
		return false;
	program = task_program(t);
	return program != NULL && task_program(parent) == program;
}

#endif
