# Gone: put_folios:
# Once: /* What is in the file goes with it, the rest by those who hold it. */
/^static int memfd_luo_retrieve_folios\(/,/^\}$/{
/^put_folios:$/,/^\t\}$/c\
	/* What is in the file goes with it, the rest by those who hold it. */
}
