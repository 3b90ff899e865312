/* Vectors (a core starts at +0x80) and the way into C, for the fabric controller and the eight cluster cores. */
    .globl _start
    .section .vectors, "ax"
    .option norvc
vectors:
    .rept 32
    j fault
    .endr
    j _start
    .rept 3
    j fault
    .endr

    .text
    .option norvc
_start:
    csrr  a0, 0xF14
    srli  t0, a0, 5
    andi  a0, a0, 31
    bnez  t0, fabric_controller
    lla   sp, cluster_stacks + 512
    slli  t0, a0, 9
    add   sp, sp, t0
    jal   ra, cluster_main
    j     sleep
fabric_controller:
    lla   sp, fc_stack_top
    jal   ra, fc_main
sleep:
    wfi
    j     sleep
fault:
    jal   ra, program_fault
    j     sleep
