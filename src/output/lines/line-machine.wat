;; Adds a prefix to each line. `LineTask` and `LineProgress` in line-machine.ts describe the input and the result.
;; `npm run generate` compiles this file to line-machine-code.ts.
;;
;; Eight bytes are copied and tested together. The bytes after a newline are copied again with their own line. So the
;; copy must stay eight bytes before the unread lines, and eight bytes after the lines and after the prefix must be
;; readable.
(module
  (import "environment" "memory" (memory 1))

  ;; Addresses and lengths are in bytes. Returns the end of the copy, and stores the address of the unread lines at
  ;; address 0.
  (func (export "interleave")
    (param $from i32) ;; the unread lines
    (param $end i32) ;; the end of the lines
    (param $to i32) ;; the end of the copy so far
    (param $prefix i32)
    (param $length i32) ;; of the prefix, not 0
    (param $is-bare i32) ;; 1: the next line gets no prefix
    (result i32)
    (local $count i32)
    (local $word i64)

    (block $done
      (loop $line
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))

        (if (i32.eqz (local.get $is-bare))
          (then
            ;; No room: the prefix and the eight bytes would overwrite unread lines.
            (br_if $done
              (i32.gt_u
                (i32.add (i32.add (local.get $to) (local.get $length)) (i32.const 8))
                (local.get $from)))
            (local.set $count (i32.const 0))
            (loop $prefix-word
              (i64.store align=1
                (i32.add (local.get $to) (local.get $count))
                (i64.load align=1 (i32.add (local.get $prefix) (local.get $count))))
              (br_if $prefix-word
                (i32.lt_u
                  (local.tee $count (i32.add (local.get $count) (i32.const 8)))
                  (local.get $length))))
            (local.set $to (i32.add (local.get $to) (local.get $length)))))
        (local.set $is-bare (i32.const 0))

        (loop $line-word
          (i64.store align=1
            (local.get $to)
            (local.tee $word (i64.load align=1 (local.get $from))))
          ;; A newline becomes 0. Then a byte that is 0 gets only its highest bit set, and every other byte becomes 0:
          ;; "Determine if a word has a byte equal to n" (Sean Anderson, Bit Twiddling Hacks). A byte above a newline may
          ;; be marked by mistake. The lowest mark is always a newline.
          (if
            (i64.eqz
              (local.tee $word
                (i64.and
                  (i64.and
                    (i64.sub
                      (local.tee $word (i64.xor (local.get $word) (i64.const 0x0a0a0a0a0a0a0a0a)))
                      (i64.const 0x0101010101010101))
                    (i64.xor (local.get $word) (i64.const -1)))
                  (i64.const 0x8080808080808080))))
            (then
              (local.set $from (i32.add (local.get $from) (i32.const 8)))
              (local.set $to (i32.add (local.get $to) (i32.const 8)))
              (br_if $line-word (i32.lt_u (local.get $from) (local.get $end))))
            (else
              ;; The number of bytes up to the newline, and the newline itself.
              (local.set $count
                (i32.add
                  (i32.shr_u (i32.wrap_i64 (i64.ctz (local.get $word))) (i32.const 3))
                  (i32.const 1)))
              (local.set $from (i32.add (local.get $from) (local.get $count)))
              (local.set $to (i32.add (local.get $to) (local.get $count))))))

        ;; The last eight bytes may reach beyond the end. Then both addresses go back to it.
        (if (i32.gt_u (local.get $from) (local.get $end))
          (then
            (local.set $to (i32.sub (local.get $to) (i32.sub (local.get $from) (local.get $end))))
            (local.set $from (local.get $end))))
        (br $line)))

    (i32.store align=1 (i32.const 0) (local.get $from))
    (local.get $to)))
