/* fake_timer: libevent's part for code with one timer and no loop: it fires when a test says so. */
#ifndef TESTS_FAKE_TIMER_H
#define TESTS_FAKE_TIMER_H

void fake_timer_fire(void);

#endif
