# A handler may have to know what else its session preserves.
#
# Gone: struct liveupdate_session;
# Once: struct luo_file_set *file_set;
# Once: bool liveupdate_file_set_has(
s/^struct liveupdate_session;$/struct luo_file_set;/
s/^ \* @private_data:     Private data for the file used to hold runtime state that$/ * @file_set:         For preserve: the files of the session so far.\
&/
s/^ \*                    \.unpreserve\(\) callback\.$/ *                    .unpreserve() callback. What .retrieve() sets is there\
 *                    in .finish()./
/^struct liveupdate_file_op_args \{/,/^\};/ s/^\tstruct file \*file;$/&\
	struct luo_file_set *file_set;/
/^\/\* Called during kexec to tell LUO/i\
bool liveupdate_file_set_has(struct luo_file_set *file_set, struct file *file);\

