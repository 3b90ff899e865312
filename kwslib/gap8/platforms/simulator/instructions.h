// What each instruction does: the cases of the switch in execute.h, which includes this there, and their macros.
// A case may set `next`, add to `cycles`, and leave in `addr` and `outcome` where and how its access ended.
// clang-format off: an instruction is a line of a table here
#define RS1 (c->regs[u->rs1])
#define RS2 (c->regs[u->rs2])
#define RD (c->regs[u->rd])
#define IMM ((uint32_t)u->imm)
#define CASE(op) case OP_##op:
#define SET(op, value) CASE(op) RD = (value); break;
#define BRANCH(op, condition)                                                                                         \
    CASE(op)                                                                                                          \
    count(c, mask, COUNT_BRANCHES, 1);                                                                                \
    if (condition) {                                                                                                  \
        count(c, mask, COUNT_TAKEN, 1);                                                                               \
        cycles += 2;                                                                                                  \
        next = pc + IMM;                                                                                              \
    }                                                                                                                 \
    break;
#define LOADS(name, size, sign)                                                                                       \
    CASE(name) addr = RS1 + IMM; goto load_##name;                                                                    \
    CASE(p_##name##_r) addr = RS1 + RS2; goto load_##name;                                                            \
    CASE(p_##name##_post) addr = RS1; increment = IMM; goto post_##name;                                              \
    CASE(p_##name##_rpost) addr = RS1; increment = RS2;                                                               \
    if (UNLIKELY(u->rd == u->rs1)) {                                                                                  \
        outcome = load_into_base(c, addr, size, sign, u->rd, addr + increment, &cycles);                              \
        count(c, mask, COUNT_LOADS, 1);                                                                               \
        break;                                                                                                        \
    }                                                                                                                 \
    post_##name : outcome = load(c, addr, size, sign, u->rd, &cycles);                                                \
    if (u->rs1) RS1 += increment;                                                                                     \
    count(c, mask, COUNT_LOADS, 1);                                                                                   \
    break;                                                                                                            \
    load_##name : outcome = load(c, addr, size, sign, u->rd, &cycles);                                                \
    count(c, mask, COUNT_LOADS, 1);                                                                                   \
    break;
#define STORES(name, size)                                                                                            \
    CASE(name) addr = RS1 + IMM; goto store_##name;                                                                   \
    CASE(p_##name##_r) addr = RS1 + RD; goto store_##name;                                                            \
    CASE(p_##name##_post) addr = RS1; increment = IMM; goto post_##name;                                              \
    CASE(p_##name##_rpost) addr = RS1; increment = RD;                                                                \
    post_##name : outcome = store(c, addr, RS2, size, u->rs2, &cycles);                                                       \
    if (u->rs1) RS1 += increment;                                                                                     \
    count(c, mask, COUNT_STORES, 1);                                                                                  \
    break;                                                                                                            \
    store_##name : outcome = store(c, addr, RS2, size, u->rs2, &cycles);                                                      \
    count(c, mask, COUNT_STORES, 1);                                                                                  \
    break;
#define VECTOR_OP(name, assign)                                                                                       \
    CASE(pv_##name##_sc_h) addr = replicate_h(RS2); goto name##_h;                                                    \
    CASE(pv_##name##_sci_h) addr = replicate_h(IMM); goto name##_h;                                                   \
    CASE(pv_##name##_h) addr = RS2;                                                                                   \
    name##_h : RD assign vh_##name(RS1, addr);                                                                        \
    break;                                                                                                            \
    CASE(pv_##name##_sc_b) addr = replicate_b(RS2); goto name##_b;                                                    \
    CASE(pv_##name##_sci_b) addr = replicate_b(IMM); goto name##_b;                                                   \
    CASE(pv_##name##_b) addr = RS2;                                                                                   \
    name##_b : RD assign vb_##name(RS1, addr);                                                                        \
    break;
#define NORMALISE(op, sum_imm, sum_reg)                                                                               \
    SET(p_##op##N, norm(sum_imm, IMM))                                                                                \
    SET(p_##op##RN, norm((sum_imm) + rounding(IMM), IMM))                                                             \
    SET(p_##op##uN, (sum_imm) >> IMM)                                                                                 \
    SET(p_##op##uRN, ((sum_imm) + rounding(IMM)) >> IMM)                                                              \
    SET(p_##op##Nr, norm(sum_reg, RS2 & 31))                                                                          \
    SET(p_##op##RNr, norm((sum_reg) + rounding(RS2 & 31), RS2 & 31))                                                  \
    SET(p_##op##uNr, (sum_reg) >> (RS2 & 31))                                                                         \
    SET(p_##op##uRNr, ((sum_reg) + rounding(RS2 & 31)) >> (RS2 & 31))
#define HALF_PRODUCTS(suffix, product, shift)                                                                         \
    SET(p_mul##suffix##N, shift(product, IMM))                                                                        \
    SET(p_mul##suffix##RN, shift((product) + rounding(IMM), IMM))                                                     \
    SET(p_mac##suffix##N, shift(RD + (product), IMM))                                                                 \
    SET(p_mac##suffix##RN, shift(RD + (product) + rounding(IMM), IMM))
#define LOGICAL(v, n) ((v) >> (n))
#define WIDTH(v) (((v) >> 5 & 31) + 1)

    CASE(nop) break;
    SET(lui, IMM)
    SET(auipc, pc + IMM)
    CASE(jal)
    RD = pc + u->size;
    next = pc + IMM;
    cycles += 1;
    count(c, mask, COUNT_JUMPS, 1);
    break;
    CASE(jalr)
    next = (RS1 + IMM) & ~1u;
    RD = pc + u->size;
    cycles += 1;
    count(c, mask, COUNT_JUMPS, 1);
    break;
    BRANCH(beq, RS1 == RS2)
    BRANCH(bne, RS1 != RS2)
    BRANCH(blt, (int32_t)RS1 < (int32_t)RS2)
    BRANCH(bge, (int32_t)RS1 >= (int32_t)RS2)
    BRANCH(bltu, RS1 < RS2)
    BRANCH(bgeu, RS1 >= RS2)
    BRANCH(p_beqimm, RS1 == (uint32_t)(int32_t)u->imm2)
    BRANCH(p_bneimm, RS1 != (uint32_t)(int32_t)u->imm2)
    LOADS(lb, 1, true)
    LOADS(lh, 2, true)
    LOADS(lw, 4, false)
    LOADS(lbu, 1, false)
    LOADS(lhu, 2, false)
    STORES(sb, 1)
    STORES(sh, 2)
    STORES(sw, 4)
    CASE(p_elw)
    cycles += ELW_CYCLES;
    c->elw_pc = pc;
    c->elw_waiting = true;
    c->elw_interrupted = false;
    outcome = load(c, RS1 + IMM, 4, false, u->rd, &cycles);
    if (outcome != WAIT) c->elw_waiting = false;
    count(c, mask, COUNT_LOADS, 1);
    break;
    SET(addi, RS1 + IMM)
    SET(slti, (int32_t)RS1 < u->imm)
    SET(sltiu, RS1 < IMM)
    SET(xori, RS1 ^ IMM)
    SET(ori, RS1 | IMM)
    SET(andi, RS1 & IMM)
    SET(slli, RS1 << (IMM & 31))
    SET(srli, RS1 >> (IMM & 31))
    SET(srai, (uint32_t)((int32_t)RS1 >> (IMM & 31)))
    SET(add, RS1 + RS2)
    SET(sub, RS1 - RS2)
    SET(sll, RS1 << (RS2 & 31))
    SET(slt, (int32_t)RS1 < (int32_t)RS2)
    SET(sltu, RS1 < RS2)
    SET(xor, RS1 ^ RS2)
    SET(srl, RS1 >> (RS2 & 31))
    SET(sra, (uint32_t)((int32_t)RS1 >> (RS2 & 31)))
    SET(or, RS1 | RS2)
    SET(and, RS1 & RS2)
    SET(mul, RS1 * RS2)
    SET(mulh, (uint32_t)((int64_t)(int32_t)RS1 * (int32_t)RS2 >> 32))
    SET(mulhsu, (uint32_t)((int64_t)(int32_t)RS1 * (int64_t)RS2 >> 32))
    SET(mulhu, (uint32_t)((uint64_t)RS1 * RS2 >> 32))
    CASE(div) cycles += divide_cycles_signed((int32_t)RS2) - 1; RD = divide((int32_t)RS1, (int32_t)RS2); break;
    CASE(rem) cycles += divide_cycles_signed((int32_t)RS2) - 1; RD = remainder_of((int32_t)RS1, (int32_t)RS2); break;
    CASE(divu) cycles += divide_cycles(RS2) - 1; RD = RS2 ? RS1 / RS2 : 0xFFFFFFFFu; break;
    CASE(remu) cycles += divide_cycles(RS2) - 1; RD = RS2 ? RS1 % RS2 : RS1; break;
    CASE(fence) CASE(fence_i)
    if (c->is_fc) {
        cache_flush(&m.fc_cache);
        core_flush_code(c, 1);
    }
    break;
    CASE(ecall)
    c->mepc = pc;
    c->saved_irq_enable = c->irq_enable;
    c->irq_enable = c->irq_due = false;
    c->mcause = 11;
    next = c->vectors + 0x88;
    break;
    CASE(ebreak)
    m.current = c;
    fault("ebreak", "semihosting and breakpoints are not modelled: print through 0x1A110000, exit through 0x1A1040A0");
    CASE(mret)
    cycles += MRET_CYCLES;
    next = c->mepc;
    c->irq_enable = c->saved_irq_enable;
    core_update_irq(c);
    c->mcause = 0;
    c->slow = c->unsettled = true;
    break;
    CASE(wfi)
    if (c->irq_line < 0) {
        c->wfi = true;
        c->active = false;
    }
    c->slow = c->unsettled = true;
    break;
    CASE(csrrw) addr = csr_read(c, IMM); increment = RS1; goto csr;
    CASE(csrrs) addr = csr_read(c, IMM); increment = addr | RS1; goto csr;
    CASE(csrrc) addr = csr_read(c, IMM); increment = addr & ~RS1; goto csr;
    CASE(csrrwi) addr = csr_read(c, IMM); increment = (uint32_t)u->imm2; goto csr;
    CASE(csrrsi) addr = csr_read(c, IMM); increment = addr | (uint32_t)u->imm2; goto csr;
    CASE(csrrci) addr = csr_read(c, IMM); increment = addr & ~(uint32_t)u->imm2;
    csr : RD = addr;
    csr_write(c, IMM, increment);
    c->slow = c->unsettled = true;
    break;

    SET(p_mac, RD + RS1 * RS2)
    SET(p_msu, RD - RS1 * RS2)
    SET(p_abs, (int32_t)RS1 < 0 ? 0u - RS1 : RS1)
    SET(p_avgu, (RS1 + RS2) >> 1)
    SET(p_slet, (int32_t)RS1 <= (int32_t)RS2)
    SET(p_sletu, RS1 <= RS2)
    SET(p_min, (int32_t)RS1 < (int32_t)RS2 ? RS1 : RS2)
    SET(p_minu, RS1 < RS2 ? RS1 : RS2)
    SET(p_max, (int32_t)RS1 > (int32_t)RS2 ? RS1 : RS2)
    SET(p_maxu, RS1 > RS2 ? RS1 : RS2)
    SET(p_ror, RS1 >> (RS2 & 31) | RS1 << (-RS2 & 31))
    SET(p_ff1, RS1 ? (uint32_t)__builtin_ctz(RS1) : 32)
    SET(p_fl1, RS1 ? 31 - (uint32_t)__builtin_clz(RS1) : 32)
    SET(p_clb, RS1 ? (uint32_t)leading_zeros(RS1 ^ (uint32_t)((int32_t)RS1 >> 31)) - 1 : 0)
    SET(p_cnt, (uint32_t)__builtin_popcount(RS1))
    SET(p_exths, (uint32_t)(int16_t)RS1)
    SET(p_exthz, (uint16_t)RS1)
    SET(p_extbs, (uint32_t)(int8_t)RS1)
    SET(p_extbz, (uint8_t)RS1)
    SET(p_clip, clip((int32_t)RS1, -(int32_t)(1u << (IMM ? IMM - 1 : 0)), (int32_t)((1u << (IMM ? IMM - 1 : 0)) - 1)))
    SET(p_clipu, clipu((int32_t)RS1, (int32_t)((1u << (IMM ? IMM - 1 : 0)) - 1)))
    SET(p_clipr, clip((int32_t)RS1, (int32_t)(~RS2), (int32_t)RS2))
    SET(p_clipur, clipu((int32_t)RS1, (int32_t)RS2))
    SET(p_extract, extract(RS1, IMM + 1, (unsigned)u->imm2))
    SET(p_extractu, extractu(RS1, IMM + 1, (unsigned)u->imm2))
    SET(p_insert, insert(RS1, RD, IMM + 1, (unsigned)u->imm2))
    SET(p_bclr, RS1 & ~bit_mask(IMM + 1, (unsigned)u->imm2))
    SET(p_bset, RS1 | bit_mask(IMM + 1, (unsigned)u->imm2))
    SET(p_extractr, extract(RS1, WIDTH(RS2), RS2 & 31))
    SET(p_extractur, extractu(RS1, WIDTH(RS2), RS2 & 31))
    SET(p_insertr, insert(RS1, RD, WIDTH(RS2), RS2 & 31))
    SET(p_bclrr, RS1 & ~bit_mask(WIDTH(RS2), RS2 & 31))
    SET(p_bsetr, RS1 | bit_mask(WIDTH(RS2), RS2 & 31))
    NORMALISE(add, RS1 + RS2, RD + RS1)
    NORMALISE(sub, RS1 - RS2, RD - RS1)
    HALF_PRODUCTS(s, mul_s(RS1, RS2), norm)
    HALF_PRODUCTS(hhs, mul_s(RS1 >> 16, RS2 >> 16), norm)
    HALF_PRODUCTS(u, mul_u(RS1, RS2), LOGICAL)
    HALF_PRODUCTS(hhu, mul_u(RS1 >> 16, RS2 >> 16), LOGICAL)

    CASE(lp_starti) c->lp_start[u->imm2] = pc + IMM; break;
    CASE(lp_endi) set_loop_end(c, u->imm2, pc + IMM); break;
    CASE(lp_count) c->lp_count[u->imm2] = RS1; break;
    CASE(lp_counti) c->lp_count[u->imm2] = IMM; break;
    CASE(lp_setup)
    set_loop_end(c, u->imm2, pc + IMM);
    c->lp_start[u->imm2] = pc + 4;
    c->lp_count[u->imm2] = RS1;
    break;
    CASE(lp_setupi)
    set_loop_end(c, u->imm2, pc + u->rs2);
    c->lp_start[u->imm2] = pc + 4;
    c->lp_count[u->imm2] = IMM;
    break;

    VECTOR_OP(add, =)
    VECTOR_OP(sub, =)
    VECTOR_OP(avg, =)
    VECTOR_OP(avgu, =)
    VECTOR_OP(min, =)
    VECTOR_OP(minu, =)
    VECTOR_OP(max, =)
    VECTOR_OP(maxu, =)
    VECTOR_OP(srl, =)
    VECTOR_OP(sra, =)
    VECTOR_OP(sll, =)
    VECTOR_OP(or, =)
    VECTOR_OP(xor, =)
    VECTOR_OP(and, =)
    VECTOR_OP(cmpeq, =)
    VECTOR_OP(cmpne, =)
    VECTOR_OP(cmpgt, =)
    VECTOR_OP(cmpge, =)
    VECTOR_OP(cmplt, =)
    VECTOR_OP(cmple, =)
    VECTOR_OP(cmpgtu, =)
    VECTOR_OP(cmpgeu, =)
    VECTOR_OP(cmpltu, =)
    VECTOR_OP(cmpleu, =)
    VECTOR_OP(dotup, =)
    VECTOR_OP(dotusp, =)
    VECTOR_OP(dotsp, =)
#define vh_sdotup vh_dotup
#define vb_sdotup vb_dotup
#define vh_sdotusp vh_dotusp
#define vb_sdotusp vb_dotusp
#define vh_sdotsp vh_dotsp
#define vb_sdotsp vb_dotsp
    VECTOR_OP(sdotup, +=)
    VECTOR_OP(sdotusp, +=)
    VECTOR_OP(sdotsp, +=)
    SET(pv_abs_h, vh_abs(RS1, 0))
    SET(pv_abs_b, vb_abs(RS1, 0))
    SET(pv_extract_h, (uint32_t)(int16_t)(RS1 >> (16 * (IMM & 1))))
    SET(pv_extract_b, (uint32_t)(int8_t)(RS1 >> (8 * (IMM & 3))))
    SET(pv_extractu_h, (uint16_t)(RS1 >> (16 * (IMM & 1))))
    SET(pv_extractu_b, (uint8_t)(RS1 >> (8 * (IMM & 3))))
    SET(pv_insert_h, insert(RS1, RD, 16, 16 * (IMM & 1)))
    SET(pv_insert_b, insert(RS1, RD, 8, 8 * (IMM & 3)))
    SET(pv_shuffle_h, shuffle2_h(RS1, RS2 | 0x00020002, 0))
    SET(pv_shuffle_b, shuffle2_b(RS1, RS2 | 0x04040404, 0))
    SET(pv_shuffle2_h, shuffle2_h(RS1, RS2, RD))
    SET(pv_shuffle2_b, shuffle2_b(RS1, RS2, RD))
    SET(pv_shuffle_sci_h, shuffle_i_h(RS1, IMM))
    SET(pv_shufflei0_sci_b, shuffle_i_b(RS1, IMM, 0))
    SET(pv_shufflei1_sci_b, shuffle_i_b(RS1, IMM, 1))
    SET(pv_shufflei2_sci_b, shuffle_i_b(RS1, IMM, 2))
    SET(pv_shufflei3_sci_b, shuffle_i_b(RS1, IMM, 3))
    SET(pv_pack_h, RS1 << 16 | (RS2 & 0xFFFF))
    SET(pv_packhi_b, RS1 << 24 | (RS2 & 0xFF) << 16 | (RD & 0xFFFF))
    SET(pv_packlo_b, (RS1 & 0xFF) << 8 | (RS2 & 0xFF) | (RD & 0xFFFF0000))

    SET(pv_cplxmul_s, complex_product(RS1, RS2, 15))
    SET(pv_cplxmul_s_div2, complex_product(RS1, RS2, 16))
    SET(pv_cplxmul_s_div4, complex_product(RS1, RS2, 17))
    SET(pv_cplxmul_s_sc, complex_by_scalar(RS1, RS2))
    SET(pv_cplxmul_s_sci, complex_by_scalar(RS1, IMM))
    SET(pv_cplxconj_h, complex_word(RS1, 0u - (RS1 >> 16)))
    SET(pv_subrotmj_h, subtract_rotated(RS1, RS2, 0))
    SET(pv_subrotmj_h_div2, subtract_rotated(RS1, RS2, 1))
    SET(pv_subrotmj_h_div4, subtract_rotated(RS1, RS2, 2))
    SET(pv_add_h_div2, vh_add_div2(RS1, RS2))
    SET(pv_add_h_div4, vh_add_div4(RS1, RS2))
    SET(pv_sub_h_div2, vh_sub_div2(RS1, RS2))
    SET(pv_sub_h_div4, vh_sub_div4(RS1, RS2))
    SET(pv_add_b_div2, vb_add_div2(RS1, RS2))
    SET(pv_add_b_div4, vb_add_div4(RS1, RS2))
    SET(pv_sub_b_div2, vb_sub_div2(RS1, RS2))
    SET(pv_sub_b_div4, vb_sub_div4(RS1, RS2))
    CASE(pv_vitop_max)
    c->second_won = vh_cmple(RS1, RS2);
    RD = vh_max(RS1, RS2);
    break;
    SET(pv_vitop_sel, viterbi_select(RS1, RS2, c->second_won))
    SET(pv_pack_h_h, (RS1 & 0xFFFF0000) | RS2 >> 16)
    SET(pv_pack_h_l, RS1 << 16 | (RS2 & 0xFFFF))

#undef RS1
#undef RS2
#undef RD
#undef IMM
#undef CASE
#undef SET
#undef BRANCH
#undef LOADS
#undef STORES
#undef VECTOR_OP
#undef NORMALISE
#undef HALF_PRODUCTS
#undef LOGICAL
#undef WIDTH
#undef vh_sdotup
#undef vb_sdotup
#undef vh_sdotusp
#undef vb_sdotusp
#undef vh_sdotsp
#undef vb_sdotsp
// clang-format on
