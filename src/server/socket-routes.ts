import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { ClientSocket } from './client.ts';
import type { ClientRoster, Joinable } from './client-roster.ts';
import { refuseOtherMethods } from './http-routes.ts';
import type { LiveViews } from './live-views.ts';
import { RequestRefused } from './refusal.ts';
import { botParams, noParameters, parsed, symbolParams } from './request-schemas.ts';

/** The WebSockets; see protocol/messages.ts for what they tell. */
export function addSocketRoutes(app: FastifyInstance, views: LiveViews, roster: ClientRoster): void {
  addChannel(app, roster, '/ws/bot/:botId/status', botParams, ({ botId }) => views.bots.get(botId)?.statusChannel);
  addChannel(app, roster, '/ws/market/:symbol', symbolParams, ({ symbol }) => views.markets.get(symbol)?.channel);
  addChannel(app, roster, '/ws/portfolio/:botId', botParams, ({ botId }) => views.bots.get(botId)?.portfolioChannel);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is a WebSocket; others may not be upgraded to one. */
    readonly isChannel?: boolean;
  }
}

function addChannel<Params extends z.ZodObject>(
  app: FastifyInstance,
  roster: ClientRoster,
  url: string,
  params: Params,
  channelOf: (params: z.output<Params>) => Joinable | undefined,
): void {
  app.route({
    method: 'GET',
    url,
    config: { isChannel: true },
    exposeHeadRoute: false,
    // What is no name at all is refused as HTTP, before there is a WebSocket; an unknown name by a close code.
    async preHandler(request) {
      parsed(params, request.params);
      parsed(noParameters, request.query);
    },
    handler: () => {
      const message = 'This address is a WebSocket. Upgrade to it.';
      throw new RequestRefused(426, 'UPGRADE_REQUIRED', message, { upgrade: 'websocket', connection: 'Upgrade' });
    },
    wsHandler: (socket: unknown, request) =>
      roster.receive(socket as ClientSocket, channelOf(parsed(params, request.params))),
  });
  refuseOtherMethods(app, url);
}
