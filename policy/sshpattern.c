/* sshpattern: see sshpattern.h. */
#include "policy/sshpattern.h"

/* When it fails, the last star takes one character more: an earlier one need not. */
bool
sshpattern_match(struct bytes pattern, struct bytes text)
{
	size_t p = 0, t = 0, star = 0, from = 0;
	bool starred = false;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			starred = true;
			star = ++p;
			from = t;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (starred) {
			p = star;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool
sshpattern_list_match(struct bytes list, struct bytes text)
{
	bool found = false;

	while (list.n > 0) {
		struct bytes one = bytes_take(&list, ',');
		bool refuses = one.n > 0 && *one.p == '!';

		if (refuses)
			one = (struct bytes){.p = one.p + 1, .n = one.n - 1};
		if (!sshpattern_match(one, text))
			continue;
		if (refuses)
			return false;
		found = true;
	}
	return found;
}
