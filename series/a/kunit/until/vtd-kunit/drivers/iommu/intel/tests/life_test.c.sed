# Devices that come in are what another series brings.
/^static const struct world_config crash_params\[\] = \{$/,/^\};$/{
/^\t\{.*,$/{
/\},$/!N
}
/came_in/d
}
/^\/\* A device comes in with ATS on, /,/^\}$/{
/^\}$/!d
N
d
}
/^\tKUNIT_CASE\(left_out\),$/d
