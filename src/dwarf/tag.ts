/**
 * Tags of entries: DW_TAG_* of DWARF 2 to 5 (DWARF 5 section 7) and of the GNU, LLVM and Go extensions that the gate reads. Constants of a
 * module, not fields of an object: bundling puts the numbers where the names stand.
 */

export const array_type = 0x01;
export const class_type = 0x02;
export const entry_point = 0x03;
export const enumeration_type = 0x04;
export const formal_parameter = 0x05;
export const imported_declaration = 0x08;
export const lexical_block = 0x0b;
export const member = 0x0d;
export const pointer_type = 0x0f;
export const reference_type = 0x10;
export const compile_unit = 0x11;
export const string_type = 0x12;
export const structure_type = 0x13;
export const subroutine_type = 0x15;
export const typedef = 0x16;
export const union_type = 0x17;
export const unspecified_parameters = 0x18;
export const variant = 0x19;
export const inheritance = 0x1c;
export const ptr_to_member_type = 0x1f;
export const subrange_type = 0x21;
export const base_type = 0x24;
export const const_type = 0x26;
export const enumerator = 0x28;
export const subprogram = 0x2e;
export const template_type_parameter = 0x2f;
export const template_value_parameter = 0x30;
export const variant_part = 0x33;
export const variable = 0x34;
export const volatile_type = 0x35;
export const restrict_type = 0x37;
export const interface_type = 0x38;
export const namespace = 0x39;
export const imported_module = 0x3a;
export const unspecified_type = 0x3b;
export const partial_unit = 0x3c;
export const imported_unit = 0x3d;
export const condition = 0x3f;
export const shared_type = 0x40;
export const type_unit = 0x41;
export const rvalue_reference_type = 0x42;
export const template_alias = 0x43;
export const generic_subrange = 0x45;
export const dynamic_type = 0x46;
export const atomic_type = 0x47;
export const immutable_type = 0x4b;
export const skeleton_unit = 0x4a;
export const GNU_template_template_param = 0x4106;
export const GNU_template_parameter_pack = 0x4107;
export const GNU_formal_parameter_pack = 0x4108;
