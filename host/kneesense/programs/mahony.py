# SPDX-License-Identifier: MIT
# A peer for the benchmark: one step of the usual floating-point orientation filter, gyro and accelerometer.
# Ref: R. Mahony et al., "Nonlinear complementary filters on the special orthogonal group", IEEE TAC 53 (2008).
import math

_KP, _KI = 1.0, 0.1


class Mahony:
    """Quaternion q from counts; scales to g and deg/s."""

    def __init__(self, rate_hz, g_per_lsb, dps_per_lsb):
        self.dt = 1 / rate_hz
        self.g = g_per_lsb
        self.rad = math.radians(dps_per_lsb)
        self.q = [1.0, 0.0, 0.0, 0.0]
        self.bx = self.by = self.bz = 0.0

    def update(self, ax, ay, az, gx, gy, gz):
        q0, q1, q2, q3 = self.q
        ax, ay, az = ax * self.g, ay * self.g, az * self.g
        gx, gy, gz = gx * self.rad, gy * self.rad, gz * self.rad
        norm = math.sqrt(ax * ax + ay * ay + az * az)
        if norm > 0:
            ax, ay, az = ax / norm, ay / norm, az / norm
            vx = 2 * (q1 * q3 - q0 * q2)
            vy = 2 * (q0 * q1 + q2 * q3)
            vz = q0 * q0 - q1 * q1 - q2 * q2 + q3 * q3
            ex, ey, ez = ay * vz - az * vy, az * vx - ax * vz, ax * vy - ay * vx
            self.bx += _KI * ex * self.dt
            self.by += _KI * ey * self.dt
            self.bz += _KI * ez * self.dt
            gx += _KP * ex + self.bx
            gy += _KP * ey + self.by
            gz += _KP * ez + self.bz
        h = self.dt / 2
        n0 = q0 + h * (-q1 * gx - q2 * gy - q3 * gz)
        n1 = q1 + h * (q0 * gx + q2 * gz - q3 * gy)
        n2 = q2 + h * (q0 * gy - q1 * gz + q3 * gx)
        n3 = q3 + h * (q0 * gz + q1 * gy - q2 * gx)
        norm = math.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + n3 * n3)
        self.q[0], self.q[1], self.q[2], self.q[3] = n0 / norm, n1 / norm, n2 / norm, n3 / norm
