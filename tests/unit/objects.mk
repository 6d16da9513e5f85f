# Which objects each unit test links: one line a test, paths below the build folder.
test_base_text = base/array.o base/bytes.o base/buf.o base/clock.o base/utf8.o base/json.o
test_base_text_LDFLAGS = -Wl,--wrap=realloc
test_base_host = base/bytes.o base/buf.o base/utf8.o base/addr.o base/clock.o base/log.o base/syslog_line.o base/proc.o base/safe.o
test_community = agentd/sink/community.o base/addr.o base/buf.o base/bytes.o base/utf8.o
test_community_LIBS = -lcrypto
pam_parse = base/bytes.o base/buf.o base/utf8.o base/clock.o base/addr.o
test_pam_key = $(pam_parse) base/safe.o pam_module/sshkey.o base/wire.o base/base64.o
test_pam_key_LIBS = -lcrypto
test_pam_key_LDFLAGS = -Wl,--wrap=EVP_MD_CTX_new -Wl,--wrap=EVP_DigestUpdate
test_pam_parse = $(pam_parse) pam_module/options.o pam_module/authinfo.o base/base64.o \
	pam_module/connection.o pam_module/exempt.o base/wire.o
test_report =
# bytes → record → event → fact: for every test that reads records
audit_stages = base/bytes.o base/utf8.o base/buf.o base/addr.o agentd/audit/record.o agentd/audit/record_type.o \
	agentd/audit/gaps.o agentd/audit/open_event.o agentd/audit/event.o agentd/audit/syscalls.o \
	$(patsubst %,agentd/audit/%.o,argv draft fact slot)
# a ruling as an alert
alert_all = $(addprefix agentd/sink/,alert.o alert_event.o alert_process.o alert_text.o community.o session_name.o)
test_alert = tests/unit/parse_json.o tests/unit/ruling.o $(alert_all) base/addr.o base/buf.o base/bytes.o base/clock.o base/json.o base/utf8.o base/words.o
test_alert_LIBS = -lcrypto -ljansson
test_alert_LDFLAGS = -Wl,--wrap=realloc
# what was found of a session, joined
case_kit = tests/unit/case_kit.o tests/unit/ruling.o $(patsubst %.c,%.o,$(wildcard agentd/case/*.c agentd/host/*.c agentd/baseline/*.c)) \
	$(alert_all) $(patsubst %,base/%.o,addr buf bytes clock glob json utf8 words)
case_back = $(patsubst %,agentd/engine/%.o,case_read parsed)
test_case_score = $(case_kit)
test_case_score_LIBS = -lcrypto
test_case_told = $(case_kit) $(case_back)
test_case_told_LIBS = -lcrypto -ljansson
test_case_table = $(case_kit) $(case_back)
test_case_table_LIBS = -lcrypto -ljansson
test_case_sheet = $(case_kit)
test_case_sheet_LIBS = -lcrypto
test_cli_case = tests/unit/fake_daemon.o tests/unit/ruling.o $(patsubst %.c,%.o,$(wildcard agentd/case/*.c agentd/host/*.c agentd/baseline/*.c)) \
	$(alert_all) $(patsubst %,cli/%.o,options print client answer table wrap choice case_evidence case_print cmd_case) \
	$(patsubst %,base/%.o,addr buf bytes clock glob json proc safe utf8 words)
test_cli_case_LIBS = -lcrypto -ljansson -lsmartcols
test_question = tests/unit/ruling.o agentd/engine/question.o base/addr.o base/buf.o base/bytes.o base/utf8.o
test_record = $(audit_stages)
test_record_LIBS = -laudit
test_gaps = agentd/audit/gaps.o
test_event = tests/unit/fail_alloc.o $(audit_stages)
test_event_LDFLAGS = -Wl,--wrap=realloc -Wl,--wrap=calloc
test_fact = $(audit_stages)
# the commands that ask the daemon
cli_live = tests/unit/cli_kit.o tests/unit/fake_daemon.o \
	$(patsubst %,cli/%.o,options print client answer alert_print table wrap choice session_rows \
	cmd_status cmd_sessions cmd_session cmd_alerts cmd_allow cmd_mode cmd_order cmd_policy_live) \
	$(patsubst %,base/%.o,addr buf bytes clock proc safe utf8 words)
cli_live_LIBS = -lsmartcols -ljansson
test_cli_live = $(cli_live)
test_cli_live_LIBS = $(cli_live_LIBS)
test_cli_sessions = $(cli_live)
test_cli_sessions_LIBS = $(cli_live_LIBS)
test_cli_alerts = $(cli_live)
test_cli_alerts_LIBS = $(cli_live_LIBS)
test_cli_status = $(cli_live)
test_cli_status_LIBS = $(cli_live_LIBS)
test_cli_mode = $(cli_live)
test_cli_mode_LIBS = $(cli_live_LIBS)
test_cli_order = $(cli_live)
test_cli_order_LIBS = $(cli_live_LIBS)
test_cli_rules = $(cli_live)
test_cli_rules_LIBS = $(cli_live_LIBS)
test_packaged_rules = agentd/monitor/rule.o base/bytes.o base/buf.o base/utf8.o base/safe.o
test_packaged_rules_LIBS = -laudit
test_pipeline = $(patsubst %.c,%.o,$(wildcard policy/*.c agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c base/*.c)) policy/grammar.o agentd/engine/pipeline.o agentd/engine/question.o agentd/engine/ruling.o
test_pipeline_LIBS = -lcrypto
test_pipeline_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc
# the model and the detectors, for facts made by hand
detect_kit = tests/unit/detect_kit.o $(patsubst %,agentd/host/%.o,account host owner parent process program records report session table usock usock_name) \
	$(patsubst %.c,%.o,$(wildcard agentd/detect/*.c agentd/baseline/*.c)) \
	$(patsubst %,base/%.o,addr buf bytes clock glob utf8 words)
test_detect_dial = $(detect_kit)
test_detect_outbound = $(detect_kit)
test_detect_relay = $(detect_kit)
test_usual_rows = $(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) agentd/engine/usual_rows.o agentd/engine/args.o \
	$(patsubst %,base/%.o,addr buf bytes clock json utf8)
test_usual_rows_LIBS = -ljansson
test_usual_page = $(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) $(patsubst %,agentd/engine/%.o,usual_page usual_rows args) \
	$(patsubst %,base/%.o,addr buf bytes clock json utf8)
test_usual_page_LIBS = -ljansson
test_wtmp = cli/wtmp.o cli/wtmp_learn.o agentd/engine/pipeline.o agentd/engine/question.o agentd/engine/ruling.o policy/grammar.o \
	$(patsubst %.c,%.o,$(wildcard policy/*.c agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c base/*.c))
test_wtmp_LIBS = -lcrypto
baseline_kit = tests/unit/baseline_kit.o $(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) $(patsubst %,base/%.o,addr buf bytes utf8)
test_baseline = tests/unit/dice.o $(baseline_kit)
test_baseline_room = $(baseline_kit)
test_baseline_model = tests/unit/dice.o $(baseline_kit)
test_glob = base/glob.o
test_words = base/words.o
test_glob_list = $(patsubst %,base/%.o,glob_list array buf bytes glob safe utf8)
test_policy_lexer = policy/lexer.o policy/diag.o policy/suggest.o base/buf.o base/utf8.o
# The whole language, for the tests that ask a policy.
policy_all = $(patsubst %,policy/%.o,again arena ask build build_rule build_top compile cover diag expect explain facts files grammar grant hours include index keyword \
	level lexer lint load mark nest overlay parse print print_json question reach relate resolve set set_join sieve sieve_new space suggest syntax table table_join thumb value zone zone_read zone_rules) \
	$(patsubst %,base/%.o,addr array buf bytes clock glob glob_list json safe utf8 words)
# signatures of policies, from the bytes to who signed
signature_all = $(patsubst %,policy/%.o,arena diag hours lexer pubkey pubkey_verify signature signers sigwhy sshcert sshpattern sshsig suggest zone zone_rules) \
	$(patsubst %,base/%.o,base64 buf bytes clock safe utf8 wire)
test_signature = tests/unit/sign_kit.o $(signature_all)
test_signature_LIBS = -lcrypto
test_signature_LDFLAGS = -Wl,--wrap=calloc
test_signers = tests/unit/sign_kit.o $(signature_all)
test_signers_LIBS = -lcrypto
test_sshpattern = policy/sshpattern.o base/bytes.o
test_pubkey = tests/unit/sign_kit.o $(signature_all)
test_pubkey_LIBS = -lcrypto
test_sshcert = tests/unit/sign_kit.o $(signature_all)
test_sshcert_LIBS = -lcrypto
test_sshsig = tests/unit/sign_kit.o $(signature_all)
test_sshsig_LIBS = -lcrypto
test_wire = base/wire.o
test_detect_socket = $(detect_kit)
test_listed = agentd/engine/listed_file.o policy/set.o policy/thumb.o policy/arena.o $(patsubst %,base/%.o,addr buf bytes clock glob safe utf8)
test_detect_proxy = tests/unit/usual_kit.o $(detect_kit)
test_followed = $(patsubst %,agentd/engine/%.o,failures followed) agentd/host/table.o $(patsubst %,base/%.o,addr buf bytes clock json utf8)
test_volumes = tests/unit/volumes_kit.o $(engine_all)
test_volumes_LIBS = $(engine_libs)
test_volumes_LDFLAGS = -Wl,--wrap=mtime_now
test_volumes_claim = tests/unit/volumes_kit.o $(engine_all)
test_volumes_claim_LIBS = $(engine_libs)
test_volumes_claim_LDFLAGS = -Wl,--wrap=mtime_now
test_tcp_diag = tests/unit/volumes_kit.o $(engine_all)
test_tcp_diag_LIBS = $(engine_libs)
test_tcp_diag_LDFLAGS = -Wl,--wrap=mtime_now
test_detect_unusual = tests/unit/usual_kit.o $(detect_kit)
test_detect_origin = tests/unit/usual_kit.o $(detect_kit)
test_detect_hour = tests/unit/usual_kit.o $(detect_kit)
test_detect_destination = tests/unit/usual_kit.o $(detect_kit)
test_detect_escalated = tests/unit/usual_kit.o $(detect_kit)
test_policy_set = policy/set.o policy/thumb.o policy/arena.o base/addr.o base/buf.o base/bytes.o base/glob.o base/utf8.o
test_config = agentd/config.o agentd/setting.o policy/lexer.o policy/diag.o policy/suggest.o $(patsubst %,base/%.o,buf bytes clock safe utf8)
test_detect_session = $(detect_kit)
test_detect_tamper = $(detect_kit)
test_detect_keys = $(detect_kit)
test_homes = tests/unit/link_pair.o $(baseline_kit) $(patsubst %,agentd/engine/%.o,homes link worker) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c)) $(patsubst %,base/%.o,clock glob json log safe syslog_line)
test_homes_LIBS = -levent_core
test_homes_LDFLAGS = -Wl,--wrap=mtime_now -Wl,--wrap=getpwnam_r -Wl,--wrap=getpwuid_r
test_watched = $(detect_kit) agentd/engine/watched.o
test_watched_LIBS = $(engine_libs)
test_detect_unreported = $(detect_kit)
test_detect_served = $(detect_kit)
test_detect_quiet = $(detect_kit)
gen_policy = $(addprefix tests/unit/,gen_policy.o gen_write.o)
test_policy_model = tests/unit/judge_policy.o $(gen_policy) $(policy_all)
test_policy_frozen = $(gen_policy) $(policy_all)
test_policy_frozen_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=free
test_policy_print = $(gen_policy) $(policy_all)
test_policy_sieve = $(policy_all)
test_policy_speed = tests/bench/policy_shapes.o $(policy_all)
test_allow = agentd/engine/allow.o agentd/engine/args.o base/proc.o $(policy_all)
test_allow_LIBS = -ljansson
test_rehearse = tests/unit/parse_json.o $(patsubst %,cli/%.o,past_ask rehearse_count rehearse_keep tally answer print options) \
	agentd/engine/asked.o agentd/sink/session_name.o $(policy_all)
test_rehearse_LIBS = -ljansson
test_policy_level = tests/unit/policy_kit.o $(policy_all)
test_cli_gates = tests/unit/fake_daemon.o policy/level.o $(patsubst %,cli/%.o,options print client answer gates) base/addr.o $(patsubst %,base/%.o,buf bytes clock proc safe utf8 words)
test_cli_gates_LIBS = -ljansson
test_policy_grant = tests/unit/grant_kit.o tests/unit/policy_kit.o $(policy_all)
test_policy_granted = tests/unit/grant_kit.o tests/unit/policy_kit.o $(policy_all)
test_policy_granted_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=reallocarray
# the whole engine
engine_all = tests/unit/engine_stage.o $(patsubst %.c,%.o,$(wildcard agentd/engine/*.c agentd/case/*.c agentd/sink/*.c agentd/source/*.c)) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
engine_libs = -levent_core -lsqlite3 -lcap-ng -lseccomp -ljansson -lcrypto
test_engine_live = $(engine_all)
test_engine_live_LIBS = $(engine_libs)
test_probe_live = $(engine_all)
test_probe_live_LIBS = $(engine_libs)
test_host_session = $(detect_kit)
test_case_seen = $(sort $(detect_kit) $(filter-out tests/unit/case_kit.o,$(case_kit)))
test_case_seen_LIBS = -lcrypto
test_host_process = $(detect_kit)
test_detect_chaos = $(detect_kit)
store_kit = tests/unit/store_kit.o $(patsubst %,agentd/sink/%.o,store store_case store_find store_put store_tend) base/buf.o base/bytes.o base/clock.o base/utf8.o
test_store = $(store_kit)
test_store_LIBS = -lsqlite3
test_store_bounds = $(store_kit)
test_store_bounds_LIBS = -lsqlite3
test_learned = $(store_kit) $(patsubst %,agentd/engine/%.o,archive failures learned vault vault_row worker) $(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) \
	$(patsubst %,base/%.o,addr json log syslog_line)
test_learned_LIBS = -levent_core -lsqlite3
test_store_kill = tests/unit/dice.o $(store_kit) agentd/engine/vault.o
test_store_kill_LIBS = -lsqlite3
test_sink_files = agentd/sink/jsonl.o agentd/sink/syslog.o base/syslog_line.o base/buf.o base/bytes.o base/safe.o base/utf8.o
test_filter = tests/unit/filter_kit.o agentd/engine/filter.o
test_filter_LIBS = -lseccomp
test_exe = tests/unit/filter_kit.o $(patsubst %,agentd/engine/%.o,exe filter)
test_exe_LIBS = -lseccomp
test_scan = agentd/engine/scan.o
test_losses = agentd/engine/losses.o
test_keep = tests/unit/ruling.o agentd/engine/keep.o $(patsubst %,base/%.o,addr buf bytes utf8)
test_quota = agentd/engine/quota.o base/bytes.o
test_flood = tests/unit/ruling.o agentd/engine/flood.o $(patsubst %,base/%.o,addr buf bytes utf8)
test_at_most = agentd/engine/at_most.o base/bytes.o
test_engine_acts = tests/unit/ruling.o tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,act acts failures held keep link pipeline plan prepare question recent ruling spares) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
test_engine_acts_LIBS = -levent_core -lcrypto
test_baseline_live = $(engine_all)
test_baseline_live_LIBS = $(engine_libs)
test_control_live = $(engine_all)
test_control_live_LIBS = $(engine_libs)
test_policy_load = tests/unit/policy_kit.o tests/unit/fail_alloc.o $(policy_all)
test_policy_text = tests/unit/policy_kit.o $(policy_all)
test_policy_include = tests/unit/policy_kit.o tests/unit/fail_alloc.o $(policy_all)
test_policy_include_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=realloc
test_policy_zone = $(policy_all)
test_policy_nested = $(policy_all)
test_policy_load_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=realloc
test_pam_gather = base/bytes.o base/buf.o base/utf8.o base/clock.o base/addr.o base/proc.o \
	pam_module/gather.o pam_module/authinfo.o pam_module/connection.o
test_pam_gather_LDFLAGS = -Wl,--wrap=getgrouplist -Wl,--wrap=sshkey_parse
test_mon_mode = agentd/monitor/mode.o agentd/monitor/keep.o base/words.o base/safe.o base/buf.o base/bytes.o base/utf8.o
test_mon_slots = agentd/monitor/gate_slots.o
test_mon_grants = $(patsubst %,agentd/monitor/%.o,rows kept lenders sound registry gate_slots) \
	$(patsubst %,base/%.o,array buf bytes clock log syslog_line utf8)
test_mon_registry = agentd/monitor/registry.o agentd/monitor/rate.o base/bytes.o
test_mon_connections = $(patsubst %,agentd/monitor/%.o,connections sockdiag) base/array.o base/clock.o base/proc.o base/buf.o \
	base/bytes.o base/utf8.o
test_mon_sockdiag = agentd/monitor/sockdiag.o $(patsubst %,base/%.o,array buf bytes clock proc utf8)
test_host_table = agentd/host/table.o
test_mon_rule = agentd/monitor/rule.o
test_mon_rule_LIBS = -laudit
test_mon_flow = $(patsubst %,agentd/monitor/%.o,flow flow_tables sockets) $(patsubst %,base/%.o,array buf bytes clock proc utf8)
test_mon_sockets = agentd/monitor/sockets.o $(patsubst %,base/%.o,buf bytes clock proc utf8)
test_mon_holders = $(patsubst %,agentd/monitor/%.o,holders turns sockets facts) $(patsubst %,base/%.o,array buf bytes clock proc utf8)
test_mon_holders_LDFLAGS = -Wl,--wrap=mtime_now
test_mon_holders_LIBS = -lpthread
test_mon_owner = $(patsubst %,agentd/monitor/%.o,owner holders turns sockets facts mount sockdiag) $(patsubst %,base/%.o,addr array buf bytes clock proc safe utf8)
test_mon_aside = agentd/monitor/aside.o base/clock.o base/buf.o base/bytes.o base/utf8.o
test_mon_aside_LIBS = -levent_core -lpthread
test_mon_hail = agentd/monitor/hail.o
test_mon_hail_LIBS = -levent_core
test_mon_verb = agentd/monitor/verb.o base/words.o base/bytes.o
test_mon_verb_LIBS = -ljansson
test_mon_mount = agentd/monitor/mount.o base/safe.o base/buf.o base/bytes.o base/utf8.o
test_serials = $(patsubst %,base/%.o,serials bytes buf utf8)
test_policy_watch = $(patsubst %,agentd/engine/%.o,policy_watch policy_files trust) $(patsubst %,base/%.o,array glob glob_list log syslog_line) $(signature_all)
test_policy_watch_LIBS = -levent_core -lcrypto
test_last_good = tests/unit/sign_kit.o $(patsubst %,agentd/engine/%.o,last_good policy_files policy_load trust worker) $(policy_all) $(signature_all) \
	base/log.o base/syslog_line.o
test_last_good_LIBS = -levent_core -lcrypto
test_policy_box = $(patsubst %,agentd/engine/%.o,policy_box policy_files policy_load trust) $(policy_all) $(signature_all)
test_policy_box_LIBS = -lcrypto
test_strangers = agentd/engine/strangers.o agentd/host/table.o base/clock.o base/log.o base/syslog_line.o base/buf.o base/bytes.o base/utf8.o
test_passed = agentd/monitor/passed.o agentd/monitor/aside.o base/clock.o base/buf.o base/bytes.o base/utf8.o
test_passed_LIBS = -levent_core -lpthread
test_watch = tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,failures link quota watch) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c base/*.c)) agentd/monitor/result.o
test_watch_LIBS = -levent_core
test_watch_LDFLAGS = -Wl,--wrap=mtime_now
test_mon_fan = agentd/monitor/fan.o base/bytes.o
test_mon_listeners = tests/unit/fake_timer.o agentd/monitor/listeners.o $(patsubst %,base/%.o,array buf bytes clock utf8)
test_mon_running = tests/unit/fake_timer.o $(patsubst %,agentd/monitor/%.o,facts running) $(patsubst %,base/%.o,array buf bytes clock proc safe utf8)
test_mon_running_LDFLAGS = -Wl,--wrap=proc_each
test_mon_guards = tests/unit/fake_timer.o agentd/monitor/guards.o
test_reader = agentd/monitor/reader.o agentd/monitor/rate.o base/clock.o base/buf.o base/bytes.o base/utf8.o
test_mon_kill = agentd/monitor/kill.o base/proc.o base/clock.o base/buf.o base/bytes.o base/utf8.o
test_engine_asks = tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,exe failures link owners programs quota scan worker) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c base/*.c)) agentd/monitor/result.o
test_engine_asks_LIBS = -levent_core
test_cli_table = $(patsubst %,cli/%.o,options print table wrap) $(patsubst %,base/%.o,buf bytes clock safe utf8)
test_cli_table_LIBS = -lsmartcols
test_cli_wrap = cli/wrap.o $(patsubst %,base/%.o,buf bytes utf8)
test_cli_baseline = tests/unit/fake_daemon.o $(patsubst %,cli/%.o,options print client answer table wrap baseline_fetch baseline_json baseline_print baseline_user baseline_words cmd_baseline_show) \
	$(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) $(patsubst %,agentd/engine/%.o,args parsed usual_rows) \
	$(patsubst %,base/%.o,addr buf bytes clock json safe utf8)
test_cli_baseline_LIBS = -lsmartcols -ljansson
test_engine_gates = $(detect_kit) $(patsubst %,agentd/engine/%.o,failures gate_word gates seen silence span where) base/json.o
test_restraint = $(detect_kit) agentd/engine/restraint.o
test_engine_grants = tests/unit/link_pair.o tests/unit/policy_kit.o $(patsubst %,agentd/engine/%.o,classes failures grant_row grants link own pipeline question round ruling) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
test_engine_grants_LIBS = -levent_core -lcrypto
test_policy_learn = $(patsubst %,cli/%.o,policy_learn_seen policy_learn_case policy_learn_join policy_learn_rules policy_learn_words policy_learn_text policy_learn_json tally print options) \
	$(policy_all)
test_policy_diff = $(patsubst %,cli/%.o,policy_diff_answer policy_diff_group tally) agentd/engine/asked.o $(policy_all)
# commands on the past: what replay is made of is part of them
pure_all = $(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c agentd/baseline/*.c)) $(patsubst %,agentd/engine/%.o,pipeline question ruling asked) \
	$(patsubst %,agentd/sink/%.o,session_name)
test_cli_import = tests/unit/fake_daemon.o $(patsubst %,cli/%.o,options print client answer baseline_fetch baseline_print baseline_send baseline_user baseline_words import table wrap \
	cmd_baseline_import replay_read replay_order wtmp wtmp_learn) agentd/engine/usual_rows.o agentd/engine/args.o agentd/engine/parsed.o base/proc.o $(pure_all) $(policy_all)
test_cli_import_LIBS = -lsmartcols -ljansson -lcrypto
test_cli_import_LDFLAGS = -Wl,--wrap=rtime_now
test_cli_past = tests/unit/fake_daemon.o $(patsubst %,cli/%.o,options print client answer alert_print in_force past_ask past_fetch past_walk \
	past_replay past_source past_alert replay_read replay_order wtmp policy_file cmd_policy_explain cmd_policy_diff cmd_policy_learn tally \
	policy_diff_answer policy_diff_group policy_diff_print policy_learn_seen policy_learn_case policy_learn_join policy_learn_rules policy_learn_words policy_learn_text policy_learn_json) \
	base/proc.o $(patsubst %.c,%.o,$(wildcard agentd/case/*.c)) $(alert_all) $(pure_all) $(policy_all)
test_cli_past_LIBS = -ljansson -lcrypto
